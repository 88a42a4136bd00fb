//! The deals on calls of the index, without making the calls.

use core::ops::ControlFlow;

use crate::{
    index::{
        answer::Index,
        query::{Find, Finder},
        tables::ObjectText,
    },
    prelude::*,
};

/// A deal on a call.
pub(crate) struct DealOnCall<'a> {
    /// When the call began.
    pub(crate) at: i64,
    /// Gong's id of the call's host; empty without one.
    pub(crate) host: &'a str,
    pub(crate) deal: ObjectText<'a>,
    /// The call's accounts.
    pub(crate) accounts: &'a [ObjectText<'a>],
}

impl Index<'_, '_> {
    /// Calls `visit` with each deal on each call of the range in this workspace, newest first. Returns
    /// how many calls have none.
    pub(crate) fn deals(
        &self,
        workspace: Option<&str>,
        mut visit: impl FnMut(&DealOnCall<'_>),
    ) -> u32 {
        let find = Find {
            workspace,
            ..Find::default()
        };
        let (from, to) = (self.range.from, self.range.to);
        let mut without = 0;
        self.views(from, to, |view| {
            let (mut accounts, mut deals) = (Vec::new(), Vec::new());
            let finder = Finder::new(view, &find);
            let tables = view.tables();
            let rows = view.rows(from, to).rev();
            for row in rows.filter(|row| finder.is_in_scope(*row)) {
                accounts.clear();
                deals.clear();
                for object in view.objects(row) {
                    let object = tables.object_text(&tables.objects[object]);
                    match object.is_account {
                        true => accounts.push(object),
                        false => deals.push(object),
                    }
                }
                without += u32::from(deals.is_empty());
                for deal in &deals {
                    visit(&DealOnCall {
                        at: view.at(row),
                        host: tables.word(view.packed.rows[row].host),
                        deal: *deal,
                        accounts: &accounts,
                    });
                }
            }
            ControlFlow::Continue(())
        });
        without
    }
}
