//! No session stands between a client and a tool: the table of requests that all servers answer alike.

use crate::support::{Tenant, TestGateway, options, stand_in};

#[path = "../../../tests/it/stateless/table.rs"]
mod table;

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_needs_no_session() {
    let gong = stand_in(options()).await;
    let gateway = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let restarted = TestGateway::start(&[("acme", Tenant::at(&gong))]).await;
    let address = |gateway: &TestGateway| gateway.server().address.to_string();
    let bearer = |gateway: &TestGateway| format!("Bearer {}", gateway.token("acme/mia"));
    let (first, second) = (bearer(&gateway), bearer(&restarted));
    let first = table::Server {
        address: &address(&gateway),
        headers: &[("authorization", &first)],
        has_changes: true,
    };
    let second = table::Server {
        address: &address(&restarted),
        headers: &[("authorization", &second)],
        has_changes: true,
    };
    table::run(&first, &second).await;
}
