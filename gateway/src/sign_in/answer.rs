//! What the provider brings back by the browser.

use super::parameters::Parameters;
use super::pending::Transaction;
use super::provider::{Provider, ProviderAnswer, ProviderError};

/// Exchanges what the provider's answer has for what it says of somebody.
///
/// # Errors
///
/// The answer is not of the provider to which the person was sent, or it identifies nobody.
pub(super) async fn redeem<T>(
    provider: &Provider,
    callback: &str,
    transaction: &Transaction<T>,
    answer: &Parameters,
) -> Result<ProviderAnswer, ProviderError> {
    if transaction.issuer != provider.issuer() {
        let text = "the provider is another one now".to_owned();
        return Err(ProviderError::Untrusted(text));
    }
    let iss = answer.get("iss").ok().flatten();
    provider.check_iss(iss).await?;
    match (answer.get("error"), answer.get("code")) {
        (Ok(None), Ok(Some(code))) => {
            let (verifier, nonce) = (&transaction.verifier, &transaction.nonce);
            provider.redeem(callback, code, verifier, nonce).await
        }
        (Ok(Some(error)), _) => {
            // It is a word of the provider's, such as `access_denied`.
            let word = error.chars().filter(char::is_ascii_graphic);
            let word: String = word.take(60).collect();
            Err(ProviderError::Refused(format!(
                "the provider answered {word}"
            )))
        }
        _ => Err(ProviderError::Untrusted(
            "the answer has no code".to_owned(),
        )),
    }
}
