//! Metrics, for `GET /metrics` in Prometheus' text format.
//!
//! `mcp.server.operation.duration` is named by OpenTelemetry's conventions for MCP servers, in the
//! spelling of its exporters for Prometheus. All other names begin with `gong_gateway_`. No label
//! holds a user's own text: tools that do not exist are counted as `unknown`.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

mod labels;

use labels::{Bound, Build, Call, Denial, Operation, Outcome, Request, Tenant, TenantBound, Tool};

/// Buckets for MCP operations, as OpenTelemetry's conventions define them.
const OPERATION_BUCKETS: [f64; 14] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
];

/// Buckets for computing time in the sandbox, which is usually milliseconds.
const SANDBOX_BUCKETS: [f64; 10] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// Buckets for waits.
const WAIT_BUCKETS: [f64; 9] = [0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

/// All metrics. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    operations: Family<Operation, Histogram, fn() -> Histogram>,
    calls: Family<Call, Counter>,
    denials: Family<Denial, Counter>,
    sandbox: Family<Tool, Histogram, fn() -> Histogram>,
    queue_wait: Histogram,
    place_wait: Histogram,
    limiter_wait: Histogram,
    requests: Family<Request, Counter>,
    refused: Family<Tenant, Counter>,
    user_quota_refused: Family<Tenant, Counter>,
    unauthorized: Counter,
    reloads: Family<Outcome, Counter>,
    connections: Gauge,
    connections_refused: Family<Bound, Counter>,
    user_refused: Family<TenantBound, Counter>,
    /// The gauges from here on are set by [`Metrics::set_gauges`].
    quota_left: Family<Tenant, Gauge>,
    quota: Family<Tenant, Gauge>,
    limiter_line: Family<Tenant, Gauge>,
    user_quota: Family<Tenant, Gauge>,
    user_quota_used: Family<Tenant, Gauge>,
    users_without_quota: Family<Tenant, Gauge>,
    running: Family<Tenant, Gauge>,
    queued: Family<Tenant, Gauge>,
    index_bytes: Family<Tenant, Gauge>,
    index_objects: Family<Tenant, Gauge>,
    index_age: Family<Tenant, Gauge>,
    ready: Gauge,
    places: Gauge,
    place_line: Gauge,
    push_lag_rows: Gauge,
    push_lag: Gauge,
    push_failures: Counter,
}

/// The present values of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct TenantGauges {
    /// Requests to Gong left today.
    pub quota_left: u32,
    /// Requests to Gong allowed in a day.
    pub quota: u32,
    /// Requests that wait for their turn at Gong's limit.
    pub limiter_line: usize,
    /// Requests that one user may send in a day.
    pub user_quota: u32,
    /// What the user with the most requests has sent today.
    pub user_quota_used: u32,
    /// Users who have used up their own requests of today.
    pub users_without_quota: usize,
    /// Calls that run.
    pub running: usize,
    /// Calls that wait to run.
    pub queued: usize,
    /// Bytes that the index keeps.
    pub index_bytes: u64,
    /// Objects that the index keeps.
    pub index_objects: u64,
    /// Seconds since the object was written that was not written for longest.
    pub index_age: u64,
}

impl Metrics {
    /// Metrics with nothing counted. `component` is the name of the one that is served.
    #[must_use]
    pub fn new(component: &str) -> Self {
        let operation = || Histogram::new(OPERATION_BUCKETS);
        let sandbox = || Histogram::new(SANDBOX_BUCKETS);
        let mut registry = Registry::default();
        let mut metrics = Self {
            registry: Arc::default(),
            operations: Family::new_with_constructor(operation as fn() -> Histogram),
            calls: Family::default(),
            denials: Family::default(),
            sandbox: Family::new_with_constructor(sandbox as fn() -> Histogram),
            queue_wait: Histogram::new(WAIT_BUCKETS),
            place_wait: Histogram::new(WAIT_BUCKETS),
            limiter_wait: Histogram::new(WAIT_BUCKETS),
            requests: Family::default(),
            refused: Family::default(),
            user_quota_refused: Family::default(),
            unauthorized: Counter::default(),
            reloads: Family::default(),
            connections: Gauge::default(),
            connections_refused: Family::default(),
            user_refused: Family::default(),
            quota_left: Family::default(),
            quota: Family::default(),
            limiter_line: Family::default(),
            user_quota: Family::default(),
            user_quota_used: Family::default(),
            users_without_quota: Family::default(),
            running: Family::default(),
            queued: Family::default(),
            index_bytes: Family::default(),
            index_objects: Family::default(),
            index_age: Family::default(),
            ready: Gauge::default(),
            places: Gauge::default(),
            place_line: Gauge::default(),
            push_lag_rows: Gauge::default(),
            push_lag: Gauge::default(),
            push_failures: Counter::default(),
        };
        registry.register_with_unit(
            "mcp_server_operation_duration",
            "Time from an MCP request to its answer",
            Unit::Seconds,
            metrics.operations.clone(),
        );
        let own = registry.sub_registry_with_prefix("gong_gateway");
        metrics.register(own, component);
        metrics.registry = Arc::new(registry);
        metrics
    }

    fn register(&self, own: &mut Registry, component: &str) {
        own.register(
            "tool_calls",
            "Calls of tools, by how they ended",
            self.calls.clone(),
        );
        own.register(
            "denials",
            "Calls that were denied, by why",
            self.denials.clone(),
        );
        own.register_with_unit(
            "sandbox_cpu",
            "Time that the tool itself ran in its sandbox",
            Unit::Seconds,
            self.sandbox.clone(),
        );
        own.register_with_unit(
            "queue_wait",
            "Time that calls waited for a place",
            Unit::Seconds,
            self.queue_wait.clone(),
        );
        own.register_with_unit(
            "place_wait",
            "Time that calls waited for an instance of the component",
            Unit::Seconds,
            self.place_wait.clone(),
        );
        own.register(
            "places",
            "Instances of the component in use",
            self.places.clone(),
        );
        own.register(
            "place_line",
            "Calls that wait for an instance of the component",
            self.place_line.clone(),
        );
        own.register(
            "connections",
            "Connections that are open",
            self.connections.clone(),
        );
        own.register(
            "connections_refused",
            "Connections that were closed at once, by the bound",
            self.connections_refused.clone(),
        );
        own.register(
            "user_refused",
            "MCP requests that were refused, by the bound of their user",
            self.user_refused.clone(),
        );
        own.register_with_unit(
            "limiter_wait",
            "Time that requests to Gong waited for their turn",
            Unit::Seconds,
            self.limiter_wait.clone(),
        );
        own.register(
            "gong_requests",
            "Requests to Gong by status; 0 where the exchange broke",
            self.requests.clone(),
        );
        own.register(
            "limiter_refused",
            "Requests that were not sent because their turn would come too late",
            self.refused.clone(),
        );
        own.register(
            "user_quota_refused",
            "Requests that were not sent because their user has used up the day",
            self.user_quota_refused.clone(),
        );
        own.register(
            "user_quota",
            "Requests to Gong that one user may send in a day",
            self.user_quota.clone(),
        );
        own.register(
            "user_quota_used",
            "Requests to Gong today of the user with the most",
            self.user_quota_used.clone(),
        );
        own.register(
            "users_without_quota",
            "Users who have used up the requests that one may send today",
            self.users_without_quota.clone(),
        );
        own.register(
            "unauthorized",
            "HTTP requests without a known token",
            self.unauthorized.clone(),
        );
        own.register(
            "config_reloads",
            "Readings of a changed configuration",
            self.reloads.clone(),
        );
        own.register(
            "quota_left",
            "Requests to Gong left today",
            self.quota_left.clone(),
        );
        own.register("quota", "Requests to Gong in a day", self.quota.clone());
        own.register(
            "limiter_line",
            "Requests in line for their turn",
            self.limiter_line.clone(),
        );
        own.register("running_calls", "Calls that run", self.running.clone());
        own.register(
            "queued_calls",
            "Calls that wait for a place",
            self.queued.clone(),
        );
        own.register_with_unit(
            "index",
            "Bytes that the tenant's index keeps",
            Unit::Bytes,
            self.index_bytes.clone(),
        );
        own.register(
            "index_objects",
            "Objects that the tenant's index keeps",
            self.index_objects.clone(),
        );
        own.register_with_unit(
            "index_age",
            "Age of the object that was not written for longest",
            Unit::Seconds,
            self.index_age.clone(),
        );
        own.register("ready", "1 when new calls are taken", self.ready.clone());
        own.register(
            "audit_push_lag_rows",
            "Rows of the audit that are not pushed yet; changes to Gong count twice",
            self.push_lag_rows.clone(),
        );
        own.register_with_unit(
            "audit_push_lag",
            "Age of the oldest row of the audit that is not pushed yet",
            Unit::Seconds,
            self.push_lag.clone(),
        );
        own.register(
            "audit_push_failures",
            "Batches of the audit that the other side did not take",
            self.push_failures.clone(),
        );
        let build = Build {
            version: env!("CARGO_PKG_VERSION"),
            component: component.to_owned(),
        };
        own.register("build", "What is running", Info::new(build));
    }

    /// Counts an answered MCP request.
    pub fn operation(
        &self,
        method: &'static str,
        tool: Option<&Arc<str>>,
        error: Option<&'static str>,
        time: Duration,
    ) {
        let labels = Operation {
            mcp_method_name: method,
            gen_ai_tool_name: tool.cloned(),
            error_type: error,
        };
        self.operations
            .get_or_create(&labels)
            .observe(time.as_secs_f64());
    }

    /// Counts a call that has ended, with `result` as in the audit.
    pub fn call(&self, tenant: &Arc<str>, tool: &Arc<str>, result: &'static str) {
        let labels = Call {
            tenant: Arc::clone(tenant),
            tool: Arc::clone(tool),
            result,
        };
        self.calls.get_or_create(&labels).inc();
    }

    /// Counts a call that was denied, by the code of the denial.
    pub fn denied(&self, tenant: &Arc<str>, reason: &'static str) {
        let tenant = Arc::clone(tenant);
        self.denials.get_or_create(&Denial { tenant, reason }).inc();
    }

    /// Counts the computing time of a tool.
    pub fn ran(&self, tool: &Arc<str>, cpu: Duration) {
        let tool = Arc::clone(tool);
        self.sandbox
            .get_or_create(&Tool { tool })
            .observe(cpu.as_secs_f64());
    }

    /// Counts the time that a call waited to run.
    pub fn queued(&self, time: Duration) {
        self.queue_wait.observe(time.as_secs_f64());
    }

    /// Counts the time that a call waited for an instance of the component.
    pub fn placed(&self, time: Duration) {
        self.place_wait.observe(time.as_secs_f64());
    }

    /// Sets the number of open connections.
    pub fn connections(&self, open: usize) {
        self.connections.set(open as i64);
    }

    /// Counts a connection that was closed at once. `bound` is `all` or `address`.
    pub fn connection_refused(&self, bound: &'static str) {
        self.connections_refused
            .get_or_create(&Bound { bound })
            .inc();
    }

    /// Counts an MCP request that was refused, by the bound of its user.
    pub fn user_refused(&self, tenant: &Arc<str>, bound: &'static str) {
        let tenant = Arc::clone(tenant);
        self.user_refused
            .get_or_create(&TenantBound { tenant, bound })
            .inc();
    }

    /// Sets how many instances are in use, and how many calls wait for one.
    pub fn set_places(&self, (used, waiting): (usize, usize)) {
        self.places.set(used as i64);
        self.place_line.set(waiting as i64);
    }

    /// Counts the time that a request waited for its turn, and whether it was refused.
    pub fn admitted(&self, tenant: &Arc<str>, time: Duration, refused: bool) {
        self.limiter_wait.observe(time.as_secs_f64());
        if refused {
            let tenant = Arc::clone(tenant);
            self.refused.get_or_create(&Tenant { tenant }).inc();
        }
    }

    /// Counts a request that was refused because its user has used up the day.
    pub fn user_used_up(&self, tenant: &Arc<str>) {
        let tenant = Arc::clone(tenant);
        self.user_quota_refused
            .get_or_create(&Tenant { tenant })
            .inc();
    }

    /// Counts an answer of Gong by its status, which is 0 when there was no answer.
    pub fn answered(&self, tenant: &Arc<str>, status: u16) {
        let tenant = Arc::clone(tenant);
        self.requests
            .get_or_create(&Request { tenant, status })
            .inc();
    }

    /// Counts an HTTP request without a known token.
    pub fn unauthorized(&self) {
        self.unauthorized.inc();
    }

    /// Counts a reading of a changed configuration.
    pub fn reloaded(&self, good: bool) {
        let result = if good { "success" } else { "error" };
        self.reloads.get_or_create(&Outcome { result }).inc();
    }

    /// Sets how far the pushed audit is behind: in rows, and by the age of the oldest.
    pub fn set_push_lag(&self, rows: u64, oldest: Duration) {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.push_lag_rows.set(number(rows));
        self.push_lag.set(number(oldest.as_secs()));
    }

    /// Counts a batch of the audit that could not be pushed.
    pub fn push_failed(&self) {
        self.push_failures.inc();
    }

    /// Replaces the gauges of all tenants.
    pub fn set_gauges<'a>(
        &self,
        ready: bool,
        tenants: impl IntoIterator<Item = (&'a Arc<str>, TenantGauges)>,
    ) {
        let gauges = [
            &self.quota_left,
            &self.quota,
            &self.limiter_line,
            &self.user_quota,
            &self.user_quota_used,
            &self.users_without_quota,
            &self.running,
            &self.queued,
            &self.index_bytes,
            &self.index_objects,
            &self.index_age,
        ];
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        for gauge in gauges {
            gauge.clear();
        }
        for (tenant, current) in tenants {
            let values = [
                i64::from(current.quota_left),
                i64::from(current.quota),
                current.limiter_line as i64,
                i64::from(current.user_quota),
                i64::from(current.user_quota_used),
                current.users_without_quota as i64,
                current.running as i64,
                current.queued as i64,
                number(current.index_bytes),
                number(current.index_objects),
                number(current.index_age),
            ];
            for (gauge, value) in gauges.into_iter().zip(values) {
                let tenant = Arc::clone(tenant);
                gauge.get_or_create(&Tenant { tenant }).set(value);
            }
        }
        self.ready.set(i64::from(ready));
    }

    /// All metrics as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}

/// The media type of [`Metrics::text`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels_are_as_documented() {
        let metrics = Metrics::new("gong-mcp.wasm");
        let (acme, tool): (Arc<str>, Arc<str>) = ("acme".into(), "gong_get_call".into());
        metrics.operation("tools/call", Some(&tool), None, Duration::from_millis(30));
        metrics.operation(
            "tools/list",
            None,
            Some("internal"),
            Duration::from_millis(3),
        );
        metrics.call(&acme, &tool, "success");
        metrics.denied(&acme, "no-profile");
        metrics.ran(&tool, Duration::from_millis(1));
        metrics.queued(Duration::ZERO);
        metrics.placed(Duration::ZERO);
        metrics.set_places((3, 1));
        metrics.user_refused(&acme, "bytes");
        metrics.admitted(&acme, Duration::from_secs(3), true);
        metrics.user_used_up(&acme);
        metrics.answered(&acme, 429);
        metrics.unauthorized();
        metrics.reloaded(false);
        let gauges = TenantGauges {
            quota_left: 9_990,
            quota: 10_000,
            limiter_line: 2,
            user_quota: 5_000,
            user_quota_used: 7,
            users_without_quota: 0,
            running: 1,
            queued: 0,
            index_bytes: 4_096,
            index_objects: 1,
            index_age: 60,
        };
        metrics.set_gauges(true, [(&acme, gauges)]);
        metrics.set_push_lag(7, Duration::from_secs(90));
        metrics.push_failed();
        let text = metrics.text();
        for line in [
            r#"mcp_server_operation_duration_seconds_bucket{le="0.05",mcp_method_name="tools/call",gen_ai_tool_name="gong_get_call",error_type=""} 1"#,
            r#"mcp_server_operation_duration_seconds_count{mcp_method_name="tools/list",gen_ai_tool_name="",error_type="internal"} 1"#,
            r#"gong_gateway_tool_calls_total{tenant="acme",tool="gong_get_call",result="success"} 1"#,
            r#"gong_gateway_denials_total{tenant="acme",reason="no-profile"} 1"#,
            r#"gong_gateway_sandbox_cpu_seconds_count{tool="gong_get_call"} 1"#,
            r#"gong_gateway_queue_wait_seconds_count 1"#,
            r#"gong_gateway_place_wait_seconds_count 1"#,
            r#"gong_gateway_places 3"#,
            r#"gong_gateway_user_refused_total{tenant="acme",bound="bytes"} 1"#,
            r#"gong_gateway_limiter_wait_seconds_sum 3.0"#,
            r#"gong_gateway_limiter_refused_total{tenant="acme"} 1"#,
            r#"gong_gateway_gong_requests_total{tenant="acme",status="429"} 1"#,
            r#"gong_gateway_unauthorized_total 1"#,
            r#"gong_gateway_config_reloads_total{result="error"} 1"#,
            r#"gong_gateway_quota_left{tenant="acme"} 9990"#,
            r#"gong_gateway_limiter_line{tenant="acme"} 2"#,
            r#"gong_gateway_user_quota_refused_total{tenant="acme"} 1"#,
            r#"gong_gateway_user_quota{tenant="acme"} 5000"#,
            r#"gong_gateway_user_quota_used{tenant="acme"} 7"#,
            r#"gong_gateway_users_without_quota{tenant="acme"} 0"#,
            r#"gong_gateway_index_bytes{tenant="acme"} 4096"#,
            r#"gong_gateway_index_objects{tenant="acme"} 1"#,
            r#"gong_gateway_index_age_seconds{tenant="acme"} 60"#,
            r#"gong_gateway_ready 1"#,
            r#"gong_gateway_audit_push_lag_rows 7"#,
            r#"gong_gateway_audit_push_lag_seconds 90"#,
            r#"gong_gateway_audit_push_failures_total 1"#,
            r#"gong_gateway_build_info{version="0.1.0",component="gong-mcp.wasm"} 1"#,
        ] {
            assert!(
                text.lines().any(|one| one == line),
                "{line} is not in\n{text}"
            );
        }
        metrics.set_gauges(false, []);
        assert!(!metrics.text().contains("gong_gateway_quota_left{"));
    }
}
