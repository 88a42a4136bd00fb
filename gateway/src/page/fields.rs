//! Names and values, as a form posts them or an address carries them. Names may come more
//! than once, as ticked boxes do.

/// Names and values in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`. Every text can be read so.
    pub(super) fn read(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The first value of that name, trimmed, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The values of that name, trimmed, without the empty ones.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(one, _)| one == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Whether that name has that value.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|one| one == value)
    }

    /// These fields with one of them set otherwise, as the query of an address; `None` takes
    /// it out. What is empty is left out.
    pub(super) fn with(&self, name: &str, value: Option<&str>) -> String {
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
        let fields = Fields::read(b"tool=a&tool=+b%2Bc+&tool=&reason=%20&x");
        assert_eq!(fields.all("tool").collect::<Vec<_>>(), ["a", "b+c"]);
        assert_eq!(fields.get("reason"), None);
        assert!(fields.has("tool", "b+c"));
        assert!(!fields.has("x", ""));
    }

    #[test]
    fn an_address_keeps_what_is_asked_otherwise() {
        let fields = Fields::read(b"text=a+%26+b&sort=name&state=");
        assert_eq!(fields.with("sort", Some("used")), "?text=a+%26+b&sort=used");
        assert_eq!(fields.with("sort", None), "?text=a+%26+b");
        assert_eq!(Fields::default().with("sort", None), "");
    }
}
