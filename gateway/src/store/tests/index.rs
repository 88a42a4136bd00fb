//! Orders for indexes, and how much they keep.

use jiff::civil::date;

use super::*;

#[test]
fn orders_are_counted_by_tenant_and_audited() {
    let folder = Folder::new();
    let store = store(&folder);
    assert!(store.index_orders().unwrap().is_empty());
    store.clear_index(&ada(), "acme").unwrap();
    let twice = store.clear_index(&ada(), "acme").unwrap();
    assert_eq!((twice.clears, twice.refills), (2, 0));
    assert_eq!(store.refill_index(&ada(), "acme").unwrap().refills, 1);
    let refused = sentence(store.clear_index(&ada(), "acmee"));
    assert!(refused.contains("did you mean acme?"), "{refused}");

    // Kill switches of tools are none of the index.
    let switch = |switch: KillSwitch, on| store.switch(&ada(), &switch, on, "a leak").unwrap();
    switch(KillSwitch::ToolEverywhere("search".to_owned()), false);
    switch(KillSwitch::Tenant("acme".to_owned()), false);
    switch(KillSwitch::Tenant("acme".to_owned()), true);
    switch(KillSwitch::Everything, false);
    let orders = store.index_orders().unwrap();
    assert_eq!(orders["acme"].clears, 4);
    assert_eq!(orders["globex"].clears, 1);
    let rows = store.query_audit(&AuditFilter::default()).unwrap();
    let acts = rows.iter().filter(|row| match row {
        AuditRow::Act(act) => act.act == "index-clear" && act.actor == "ada",
        AuditRow::Call(_) => false,
    });
    assert_eq!(acts.count(), 2);
}

#[test]
fn a_status_is_kept_until_the_tenant_is_gone() {
    let folder = Folder::new();
    let store = store(&folder);
    assert_eq!(store.index_status("acme").unwrap(), None);
    let status = IndexStatus {
        tenant: "acme".to_owned(),
        at: "2026-11-24T09:14:00Z".parse().unwrap(),
        place: "disk".to_owned(),
        bytes: u64::from(u32::MAX) * 3,
        objects: 27,
        max_bytes: 32 << 20,
        max_age: 30 * 86_400,
        oldest: Some("2026-11-20T08:00:00.5Z".parse().unwrap()),
        youngest: None,
        day: date(2026, 11, 24),
        filling: 3,
        coverage: vec![("2026-11".to_owned(), 100)],
        done: IndexOrders {
            clears: 4,
            refills: 1,
        },
    };
    store
        .store_index_status(std::slice::from_ref(&status))
        .unwrap();
    assert_eq!(store.index_status("acme").unwrap(), Some(status.clone()));
    let later = IndexStatus {
        objects: 28,
        ..status
    };
    store
        .store_index_status(std::slice::from_ref(&later))
        .unwrap();
    assert_eq!(store.index_status("acme").unwrap(), Some(later));
    store.clear_index(&ada(), "acme").unwrap();

    let mut without = config("");
    without.tenants.remove("acme");
    without
        .written
        .settings
        .retain(|(tenant, _), _| tenant != "acme");
    store.declare(&without).unwrap();
    assert_eq!(store.index_status("acme").unwrap(), None);
    assert!(store.index_orders().unwrap().is_empty());
}
