//! What the components ask of their host: no more than the golden files say, and no more
//! than a sandbox gives.

use sandbox::imports;
use xtask::component::Artefact;

use crate::server::SERVERS;
use crate::support::{bytes, golden};

#[tokio::test]
async fn components_import_what_is_agreed() {
    // The others' are in `server.rs`: they want standard streams or a store too.
    for artefact in Artefact::ALL {
        if SERVERS.contains(&artefact) {
            continue;
        }
        // Loaded and instantiated with what a sandbox gives and nothing else.
        let mut names = imports(&bytes(artefact)).await.unwrap().join("\n");
        names.push('\n');
        let file = artefact.file_name().replace(".wasm", ".txt");
        golden(&format!("imports/{file}"), &names);
    }
}
