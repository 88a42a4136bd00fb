//! What the provider says of somebody at its UserInfo endpoint, and not in the ID token.

use http::{HeaderValue, Request, StatusCode, header};
use serde_json::{Map, Value};

use super::metadata::Metadata;
use super::{Provider, ProviderError};

impl Provider {
    /// Adds the claims that an ID token lacks and the UserInfo endpoint has. What the token says
    /// stays, and who it is must be the same.
    pub(super) async fn complete(
        &self,
        metadata: &Metadata,
        access_token: &str,
        claims: &mut Map<String, Value>,
    ) -> Result<(), ProviderError> {
        let lacks = self.needed.iter().any(|name| !claims.contains_key(name));
        let Some(endpoint) = metadata.userinfo_endpoint().filter(|_| lacks) else {
            return Ok(());
        };
        let bearer = HeaderValue::try_from(format!("Bearer {access_token}"));
        let Ok(mut bearer) = bearer else {
            return Ok(());
        };
        bearer.set_sensitive(true);
        let request = Request::get(endpoint.as_str())
            .header(header::AUTHORIZATION, bearer)
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .map_err(|error| ProviderError::Unavailable(error.to_string()))?;
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|error| ProviderError::Unavailable(error.to_string()))?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_server_error() => {
                let text = format!("the provider's UserInfo endpoint answered {status}");
                return Err(ProviderError::Unavailable(text));
            }
            // It is not for this token, and so it says nothing.
            _ => return Ok(()),
        }
        let Ok(said) = serde_json::from_slice::<Map<String, Value>>(answer.body()) else {
            return Ok(());
        };
        if said.get("sub") != claims.get("sub") {
            let text = "the provider's UserInfo endpoint speaks of somebody else".to_owned();
            return Err(ProviderError::Untrusted(text));
        }
        for name in &self.needed {
            if let Some(value) = said.get(name)
                && !claims.contains_key(name)
            {
                claims.insert(name.clone(), value.clone());
                // Whether an address is proven is said beside it.
                if let Some(proven) = said.get("email_verified") {
                    let proven = proven.clone();
                    claims.entry("email_verified").or_insert(proven);
                }
            }
        }
        Ok(())
    }
}
