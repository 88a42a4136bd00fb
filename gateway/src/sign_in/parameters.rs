//! Parameters of OAuth requests, of which none may come twice.

use super::oauth_error::OAuthError;

/// Names and values of a query or a form.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parses `application/x-www-form-urlencoded`, which never fails.
    pub(super) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The value of a parameter. An empty one counts as absent, as OAuth has it.
    pub(super) fn get(&self, name: &str) -> Result<Option<&str>, OAuthError> {
        let mut values = self.all(name);
        let value = values.next();
        if values.next().is_some() {
            let text = format!("{name} must not come twice");
            return Err(OAuthError::invalid_request(text));
        }
        Ok(value)
    }

    /// The value of a parameter that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, OAuthError> {
        let value = self.get(name)?;
        value.ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")))
    }

    /// The values of a parameter that may come more than once.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.0.iter().filter(move |(one, _)| one == name);
        values
            .map(|(_, value)| &**value)
            .filter(|value| !value.is_empty())
    }

    /// Checks that `resource`, where the client sends it, names what tokens are for here (RFC 8707).
    pub(super) fn check_resource(&self, resource: &str) -> Result<(), OAuthError> {
        match self.all("resource").all(|one| one == resource) {
            true => Ok(()),
            false => Err(OAuthError::new(
                "invalid_target",
                format!("tokens of this server are for {resource} only"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_once_and_resources_are_ours() {
        let parameters = Parameters::parse(b"a=1&b=&c=x&c=y&resource=r&resource=r");
        assert_eq!(parameters.get("a").unwrap(), Some("1"));
        assert_eq!(parameters.get("b").unwrap(), None);
        assert_eq!(parameters.get("c").unwrap_err().code(), "invalid_request");
        assert_eq!(
            parameters.required("b").unwrap_err().description(),
            "b is missing"
        );
        assert!(parameters.check_resource("r").is_ok());
        let error = parameters.check_resource("s").unwrap_err();
        assert_eq!(error.code(), "invalid_target");
        assert!(Parameters::default().check_resource("s").is_ok());
    }
}
