//! The store of the company's index, and what it does wrong.

use crate::{
    client::request::{Method, Precondition, Request, Response},
    error::Error,
    testing::company::Company,
};

/// What the store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Unreachable,
    Slow,
    Full,
    Failing,
    WithoutEtags,
}

impl Company {
    pub(super) fn object(&self, request: &Request<'_>) -> Result<Response, Error> {
        assert_eq!(request.authorization, None, "the store gets no credentials");
        let condition = request.object.expect("a request for an object");
        let answer = |status, etag: Option<u64>, body: Vec<u8>| {
            Ok(Response {
                status,
                etag: etag.map(|etag| format!("\"{etag}\"")),
                body,
                ..Response::default()
            })
        };
        match self.fault.get() {
            Fault::Unreachable => return Err(Error::unreachable("No connection.".into())),
            Fault::Slow => self.clock.set(self.clock.get() + 1_500),
            Fault::Failing => return answer(500, None, Vec::new()),
            Fault::Full if request.method == Method::Put => return answer(507, None, Vec::new()),
            Fault::None | Fault::Full | Fault::WithoutEtags => {}
        }
        let name = request
            .path
            .strip_prefix("/acme/")
            .expect("the folder")
            .to_owned();
        let mut objects = self.objects.borrow_mut();
        if request.method == Method::Put {
            let mut others = self.others_write.borrow_mut();
            if let Some(place) = others.iter().position(|(other, _)| *other == name) {
                self.version.set(self.version.get() + 1);
                let (other, bytes) = others.remove(place);
                objects.insert(other, (bytes, self.version.get()));
            }
        }
        let known = objects.get(&name).map(|(_, etag)| *etag);
        let holds = match condition {
            Precondition::Any => true,
            Precondition::Absent => known.is_none(),
            Precondition::Unchanged(etag) => {
                known.is_some_and(|known| format!("\"{known}\"") == etag)
            }
        };
        let shown = |etag| (self.fault.get() != Fault::WithoutEtags).then_some(etag);
        match (request.method, request.body) {
            (Method::Get, None) => match objects.get(&name) {
                Some((bytes, etag)) => answer(200, shown(*etag), bytes.clone()),
                None => answer(404, None, Vec::new()),
            },
            _ if !holds => answer(412, None, Vec::new()),
            (Method::Put, Some((_, bytes))) => {
                self.version.set(self.version.get() + 1);
                objects.insert(name, (bytes.to_vec(), self.version.get()));
                answer(201, shown(self.version.get()), Vec::new())
            }
            (Method::Delete, None) => {
                objects.remove(&name);
                answer(204, None, Vec::new())
            }
            other => panic!("{:?}", other.0),
        }
    }
}
