//! HTTPS, checked by the CA that the stand-in hands out.

use fake_gong::Options;

use crate::client::{get, options, start};

#[tokio::test]
async fn https_is_trusted_by_its_ca() {
    let gong = start(Options {
        tls: true,
        calls: 5,
        ..options()
    })
    .await;
    assert_eq!(
        gong.base_url(),
        format!("https://localhost:{}", gong.addr().port())
    );
    let answer = get(&gong, "/v2/workspaces").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["workspaces"][1]["name"], "Customer Success");
    assert_eq!(gong.connections(), 1);
}
