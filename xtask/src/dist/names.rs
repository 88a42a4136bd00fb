//! Removes the names that debuggers show, which the distribution leaves out for size.

use std::ops::Range;

use anyhow::{Context as _, bail};
use wasm_encoder::{ComponentSectionId, RawSection, Section as _};
use wasmparser::{Encoding, Parser, Payload};

/// The sections that a component and a module keep them in.
const SECTIONS: [&str; 2] = ["component-name", "name"];

/// A component without its names and those of all that is nested in it.
pub(super) fn without(component: &[u8]) -> anyhow::Result<Vec<u8>> {
    // The components and modules that are being written, each nested in the one before.
    let mut open: Vec<(Encoding, Vec<u8>)> = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match &payload {
            Payload::Version {
                encoding, range, ..
            } => open.push((*encoding, part(component, range)?.to_vec())),
            // Written as a whole at its end.
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {}
            Payload::CustomSection(section) if SECTIONS.contains(&section.name()) => {}
            Payload::End(_) => {
                let (encoding, data) = open.pop().context("it ends twice")?;
                let Some((_, outer)) = open.last_mut() else {
                    return Ok(data);
                };
                let id = match encoding {
                    Encoding::Module => ComponentSectionId::CoreModule,
                    Encoding::Component => ComponentSectionId::Component,
                };
                let (id, data) = (id.into(), &data);
                RawSection { id, data }.append_to(outer);
            }
            _ => {
                if let (Some((id, range)), Some((_, outer))) =
                    (payload.as_section(), open.last_mut())
                {
                    let data = part(component, &range)?;
                    RawSection { id, data }.append_to(outer);
                }
            }
        }
    }
    bail!("it has no end")
}

fn part<'a>(component: &'a [u8], range: &Range<u64>) -> anyhow::Result<&'a [u8]> {
    let range = range.start.try_into()?..range.end.try_into()?;
    component.get(range).context("it is cut off")
}
