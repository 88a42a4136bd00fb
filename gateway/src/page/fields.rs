//! Names and values of a submitted form or of an address's query. A name may have several
//! values, as check boxes do.

/// Names and values, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Parses `application/x-www-form-urlencoded`, which never fails.
    pub(super) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of a name that is not empty, trimmed.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of a name that are not empty, trimmed.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(one, _)| one == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Whether a name has a value.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|one| one == value)
    }

    /// The query of an address with these fields, of which one is replaced, or removed for
    /// `None`. Empty fields are left out.
    pub(super) fn query_with(&self, name: &str, value: Option<&str>) -> String {
        let mut query = String::new();
        let others = self
            .0
            .iter()
            .filter(|(one, text)| one != name && !text.trim().is_empty());
        let all = others
            .map(|(one, text)| (&**one, text.trim()))
            .chain(value.map(|value| (name, value)));
        for (one, text) in all {
            let start = if query.is_empty() { '?' } else { '&' };
            query.push(start);
            query.extend(form_urlencoded::byte_serialize(one.as_bytes()));
            query.push('=');
            query.extend(form_urlencoded::byte_serialize(text.as_bytes()));
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_come_more_than_once() {
        let fields = Fields::parse(b"tool=a&tool=+b%2Bc+&tool=&reason=%20&x");
        assert_eq!(fields.all("tool").collect::<Vec<_>>(), ["a", "b+c"]);
        assert_eq!(fields.get("reason"), None);
        assert!(fields.has("tool", "b+c"));
        assert!(!fields.has("x", ""));
    }

    #[test]
    fn an_address_keeps_what_is_asked_otherwise() {
        let fields = Fields::parse(b"text=a+%26+b&sort=name&state=");
        assert_eq!(
            fields.query_with("sort", Some("used")),
            "?text=a+%26+b&sort=used"
        );
        assert_eq!(fields.query_with("sort", None), "?text=a+%26+b");
        assert_eq!(Fields::default().query_with("sort", None), "");
    }
}
