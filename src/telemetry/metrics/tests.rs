use super::*;

#[test]
fn what_happened_is_on_the_page() {
    let metrics = Metrics::new();
    let answered = Answered { route: "/scim/v2/Users/{id}", method: "GET", status: "2xx", room: "scim" };
    metrics.answered(&answered, Duration::from_micros(600));
    metrics.statement(Statement::Read, 1_500_000_000);
    metrics.batch(3, Duration::from_millis(1));
    metrics.cache(CacheAnswer::Miss);
    metrics.sign_in("oidc", "signed_in");
    metrics.round(false);
    metrics.access_ended(Duration::from_millis(3));
    let page = metrics.write();
    for line in [
        "castgate_http_requests_total{route=\"/scim/v2/Users/{id}\",method=\"GET\",status=\"2xx\",room=\"scim\"} 1",
        "castgate_http_request_seconds_bucket{le=\"0.001\",route=\"/scim/v2/Users/{id}\"} 1",
        "castgate_store_reads_total 1",
        "castgate_store_statement_seconds_total 1.5",
        "castgate_store_batch_transactions_bucket{le=\"4.0\"} 1",
        "castgate_cache_misses_total 1",
        "castgate_sign_ins_total{connection=\"oidc\",outcome=\"signed_in\"} 1",
        "castgate_revocation_seconds_bucket{le=\"0.004\"} 1",
        "castgate_worker_rounds_total{outcome=\"failed\"} 1",
        concat!("castgate_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
    ] {
        assert!(page.lines().any(|found| found == line), "no {line} in\n{page}");
    }
    assert!(page.ends_with("# EOF\n"));
}

#[test]
fn the_process_is_measured() {
    let page = Metrics::new().write();
    let number = |name: &str| -> f64 {
        let line = page.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.and_then(|line| line.rsplit(' ').next()).map_or(0.0, |number| number.parse().unwrap())
    };
    for name in ["process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds"] {
        assert!(number(name) > 0.0, "{name} in\n{page}");
    }
    assert!(number("process_start_time_seconds") > 1.7e9, "seconds since 1970");
}
