fn main() {
    let a: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    gong_tools::bench_api::native_index(a[0], a.get(1).copied(), a.get(2).copied().unwrap_or(9));
}
