//! Order in little code. `slice::sort` and `BTreeMap` are compiled anew for every type
//! that they hold, which was a fifth of the component; here the sort is compiled once,
//! and a map is a sorted list. Lists in one tool call are short: at most the calls or
//! users that some hundred requests bring.

use alloc::vec::{self, Vec};
use core::{borrow::Borrow, cmp::Ordering, slice};

/// Stable sorting.
pub(crate) trait Sort<T> {
    /// As `sort_by`.
    fn order_by(&mut self, compare: impl Fn(&T, &T) -> Ordering);

    /// As `sort_by_cached_key`: each key is made once.
    fn order_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Sort<T> for [T] {
    fn order_by(&mut self, compare: impl Fn(&T, &T) -> Ordering) {
        let order = order(self.len(), &|one, other| compare(&self[one], &self[other]));
        arrange(order, &mut |one, other| self.swap(one, other));
    }

    fn order_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K) {
        let keys: Vec<K> = self.iter().map(key).collect();
        let order = order(keys.len(), &|one, other| keys[one].cmp(&keys[other]));
        arrange(order, &mut |one, other| self.swap(one, other));
    }
}

/// The places of `count` items in their order.
fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|one, other| compare(*one, *other));
    order
}

/// Brings items into an order by swapping any two of them.
fn arrange(order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    let mut goes_to = alloc::vec![0; order.len()];
    for (to, from) in order.into_iter().enumerate() {
        goes_to[from] = to;
    }
    for place in 0..goes_to.len() {
        while goes_to[place] != place {
            let to = goes_to[place];
            swap(place, to);
            goes_to.swap(place, to);
        }
    }
}

/// Where an item is among `count` sorted ones, or where it would be.
fn search(count: usize, compare: &dyn Fn(usize) -> Ordering) -> Result<usize, usize> {
    // Most items come in their order.
    match count.checked_sub(1).map(|last| (last, compare(last))) {
        None | Some((_, Ordering::Less)) => return Err(count),
        Some((last, Ordering::Equal)) => return Ok(last),
        Some((_, Ordering::Greater)) => {}
    }
    let (mut from, mut to) = (0, count);
    while from < to {
        let middle = from.midpoint(to);
        match compare(middle) {
            Ordering::Less => from = middle + 1,
            Ordering::Equal => return Ok(middle),
            Ordering::Greater => to = middle,
        }
    }
    Err(from)
}

/// A map in the order of its keys.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SortedMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> SortedMap<K, V> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        search(self.0.len(), &|place| self.0[place].0.borrow().cmp(key))
    }

    /// The value of a key.
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|place| &self.0[place].1)
    }

    /// Whether a key is there.
    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Takes out the value of a key.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.find(key).ok().map(|place| self.0.remove(place).1)
    }

    /// The value of a key; `value` becomes it where there is none.
    pub(crate) fn or_insert(&mut self, key: K, value: V) -> &mut V
    where
        K: Ord,
    {
        let place = self.find(&key).unwrap_or_else(|place| {
            self.0.insert(place, (key, value));
            place
        });
        &mut self.0[place].1
    }

    /// The value of a key; the default becomes it where there is none.
    pub(crate) fn or_default(&mut self, key: K) -> &mut V
    where
        K: Ord,
        V: Default,
    {
        self.or_insert(key, V::default())
    }

    /// Sets the value of a key, and gives the one that it had.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V>
    where
        K: Ord,
    {
        match self.find(&key) {
            Ok(place) => Some(core::mem::replace(&mut self.0[place].1, value)),
            Err(place) => {
                self.0.insert(place, (key, value));
                None
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> + Clone {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> + Clone {
        self.0.iter().map(|(key, _)| key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    pub(crate) fn into_values(self) -> impl Iterator<Item = V> {
        self.0.into_iter().map(|(_, value)| value)
    }

    /// Keeps what `keep` says.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|(key, value)| keep(key, value));
    }
}

impl<K, V> IntoIterator for SortedMap<K, V> {
    type Item = (K, V);
    type IntoIter = vec::IntoIter<(K, V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Ord, V> Extend<(K, V)> for SortedMap<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, items: I) {
        items.into_iter().for_each(|(key, value)| {
            self.insert(key, value);
        });
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for SortedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(items: I) -> Self {
        let mut map = Self::new();
        map.extend(items);
        map
    }
}

impl<K: Ord, V, const N: usize> From<[(K, V); N]> for SortedMap<K, V> {
    fn from(items: [(K, V); N]) -> Self {
        items.into_iter().collect()
    }
}

/// A set in the order of its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SortedSet<T>(Vec<T>);

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> SortedSet<T> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    fn find<Q: Ord + ?Sized>(&self, item: &Q) -> Result<usize, usize>
    where
        T: Borrow<Q>,
    {
        search(self.0.len(), &|place| self.0[place].borrow().cmp(item))
    }

    /// Whether an item is in it.
    pub(crate) fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.find(item).is_ok()
    }

    /// Adds an item; whether it is new.
    pub(crate) fn insert(&mut self, item: T) -> bool
    where
        T: Ord,
    {
        let place = self.find(&item);
        if let Err(place) = place {
            self.0.insert(place, item);
        }
        place.is_err()
    }

    /// Takes an item out; whether it was there.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        let place = self.find(item);
        if let Ok(place) = place {
            self.0.remove(place);
        }
        place.is_ok()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T> IntoIterator for SortedSet<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'s, T> IntoIterator for &'s SortedSet<T> {
    type Item = &'s T;
    type IntoIter = slice::Iter<'s, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Ord> Extend<T> for SortedSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| {
            self.insert(item);
        });
    }
}

impl<T: Ord> FromIterator<T> for SortedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut set = Self::new();
        set.extend(items);
        set
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for SortedSet<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Sort, SortedMap, SortedSet};

    #[test]
    fn sorting_is_stable() {
        // A rotation, repeated keys, and an order that is one long cycle.
        let mut items: Vec<(u32, usize)> =
            (0..100).map(|n| ((n as u32 * 37 + 5) % 10, n)).collect();
        let mut expected = items.clone();
        expected.sort_by_key(|(key, _)| *key);
        let mut by = items.clone();
        by.order_by(|one, other| one.0.cmp(&other.0));
        items.order_by_key(|(key, _)| *key);
        assert_eq!(items, expected);
        assert_eq!(by, expected);
        let mut rotated = ["e", "a", "b", "c", "d"];
        rotated.order_by_key(|item| *item);
        assert_eq!(rotated, ["a", "b", "c", "d", "e"]);
        let mut none: [u8; 0] = [];
        none.order_by_key(|item| *item);
    }

    #[test]
    fn a_map_is_in_the_order_of_its_keys() {
        let mut map: SortedMap<String, u32> = SortedMap::new();
        for (place, key) in ["m", "c", "x", "a", "m", "z", "b"].iter().enumerate() {
            map.insert((*key).into(), place as u32);
        }
        *map.or_default("c".into()) += 10;
        *map.or_default("d".into()) += 1;
        let all: Vec<(&str, u32)> = map
            .iter()
            .map(|(key, value)| (key.as_str(), *value))
            .collect();
        assert_eq!(
            all,
            [
                ("a", 3),
                ("b", 6),
                ("c", 11),
                ("d", 1),
                ("m", 4),
                ("x", 2),
                ("z", 5)
            ]
        );
        map.or_insert("m".into(), 99);
        assert_eq!((map.get("m"), map.get("n")), (Some(&4), None));
        assert_eq!((map.remove("m"), map.remove("m")), (Some(4), None));
        assert!(!map.contains_key("m"));
    }

    #[test]
    fn a_set_has_each_item_once() {
        let mut set: SortedSet<&str> = ["b", "a", "b", "c"].into();
        assert!(!set.insert("c") && set.insert("aa") && set.remove("b") && !set.remove("b"));
        assert!(set.contains("aa"));
        assert_eq!(set.into_iter().collect::<Vec<_>>(), ["a", "aa", "c"]);
    }
}
