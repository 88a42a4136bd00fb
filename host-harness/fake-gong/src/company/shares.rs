//! Uneven shares, as accounts and sellers have them of a company's calls.

use super::random::Random;

/// Zipf's law, flattened at its head: of 5,000 the first has one part in 87, the last one in
/// 23,000.
#[derive(Debug)]
pub(crate) struct Shares {
    /// The sum of the shares up to each one, the last of which is 1.
    sums: Vec<f64>,
}

impl Shares {
    /// The shares of so many.
    pub(crate) fn new(count: usize) -> Self {
        let mut sum = 0.0;
        let mut sums: Vec<f64> = (0..count.max(1))
            .map(|rank| {
                sum += (rank as f64 + 10.0).powf(-0.9);
                sum
            })
            .collect();
        for part in &mut sums {
            *part /= sum;
        }
        Self { sums }
    }

    /// One of them, more often the larger its share is.
    pub(crate) fn pick(&self, random: &mut Random) -> usize {
        let at = random.fraction();
        let rank = self.sums.partition_point(|sum| *sum <= at);
        rank.min(self.sums.len() - 1)
    }

    /// Deals out `total` by the shares, to each at least `least` as far as there are so many.
    pub(crate) fn split(&self, total: usize, least: usize) -> Vec<usize> {
        let spare = total.saturating_sub(least * self.sums.len());
        let mut dealt = 0;
        let parts = self.sums.iter().map(|sum| {
            let upto = (sum * spare as f64).round() as usize;
            let part = upto.saturating_sub(dealt);
            dealt = dealt.max(upto);
            least + part
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_have_much_and_the_parts_make_the_whole() {
        let shares = Shares::new(5_000);
        let parts = shares.split(40_000, 3);
        assert_eq!(parts.iter().sum::<usize>(), 40_000);
        assert!(parts[0] > 250 && parts[4_999] < 6, "{}", parts[0]);
        let mut random = Random::new(1, "shares");
        let picked: Vec<usize> = (0..10_000).map(|_| shares.pick(&mut random)).collect();
        let first = picked.iter().filter(|rank| **rank < 500).count();
        assert!((4_500..7_500).contains(&first), "{first}");
    }
}
