//! `gong_list_library_folders`. GET /v2/library/folders, one request per workspace;
//! api:library:read. Gong's API does not list private and archived folders.

use crate::{
    client::Gong,
    domain::list_part::ListPart,
    error::Error,
    gong::library,
    names::is_meant,
    prelude::*,
    render::{self, Answer, Table},
    text::fold_case,
    time,
    wit::library::{LibraryFolder, LibraryFolderList, ListLibraryFolders},
};

/// Reads all folders; paths are matched here.
pub(crate) fn run(gong: &Gong<'_>, args: ListLibraryFolders) -> Result<LibraryFolderList, Error> {
    let (mut folders, failed) = library::folders(gong, args.workspace.as_deref())?;
    let all = folders.len();
    if let Some(query) = args.query.map(|query| fold_case(query.trim())) {
        folders.retain(|folder| is_meant(&query, &folder.id, &folder.path));
    }
    let left_out = (all - folders.len()) as u32;
    let folders = folders.into_iter().map(|folder| LibraryFolder {
        id: folder.id,
        path: folder.path,
        workspace: folder.workspace,
        updated: folder.updated,
    });
    let part = ListPart::of(gong, folders, args.resume.as_deref())?;
    Ok(LibraryFolderList {
        folders: part.items,
        matched: part.matched,
        stopped: failed.map(Error::into_text),
        resume: part.resume,
        left_out: (left_out > 0).then_some(left_out),
        requests: gong.requests(),
    })
}

impl Answer for LibraryFolderList {
    fn text(&self) -> String {
        let mut text = format!(
            "{}; private and archived ones are not in Gong's API.\n",
            render::part(self.folders.len(), self.matched, "folder")
        );
        render::line(&mut text, "Not all read", self.stopped.as_deref());
        let mut table = Table::new(["id", "path", "workspace", "updated (UTC)"]);
        for folder in &self.folders {
            table.row([
                folder.id.clone(),
                folder.path.clone(),
                folder.workspace.clone().unwrap_or_default(),
                folder
                    .updated
                    .as_deref()
                    .map(time::in_table)
                    .unwrap_or_default(),
            ]);
        }
        render::none(
            &mut text,
            &self.folders,
            "None is public, has that name, or is in this workspace.",
        );
        table.write(&mut text);
        render::left_out(&mut text, self.left_out, "other paths");
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
