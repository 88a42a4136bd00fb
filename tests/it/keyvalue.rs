//! `wasi:keyvalue`, both drafts, on one store that instances share, as a host with Redis has it. (The
//! crate `wasmtime-wasi-keyvalue` gives each opening a store of its own.)

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::Result;
use wasmtime::component::{HasSelf, Linker, Resource};

use crate::server::Host;

/// A store.
#[derive(Default)]
pub(crate) struct KeyValue {
    keys: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Each use of this number fails, and does nothing; 0 is none.
    pub(crate) fails: AtomicUsize,
    uses: AtomicUsize,
}

impl KeyValue {
    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.lock().unwrap().len()
    }

    fn used(&self) -> Result<(), String> {
        let uses = self.uses.fetch_add(1, Ordering::Relaxed);
        match self.fails.load(Ordering::Relaxed) {
            0 => Ok(()),
            each if uses.is_multiple_of(each) => Err("redis://:geheim@10.0.0.1 is down".to_owned()),
            _ => Ok(()),
        }
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, String> {
        self.used()?;
        Ok(self.keys.lock().unwrap().get(key).cloned())
    }

    fn set(&self, key: String, value: Vec<u8>) -> Result<(), String> {
        self.used()?;
        self.keys.lock().unwrap().insert(key, value);
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), String> {
        self.used()?;
        self.keys.lock().unwrap().remove(key);
        Ok(())
    }

    fn add(&self, key: String, delta: u64) -> Result<u64, String> {
        self.used()?;
        let mut keys = self.keys.lock().unwrap();
        let value = keys.entry(key).or_insert_with(|| b"0".to_vec());
        let old = str::from_utf8(value).unwrap().parse::<u64>().unwrap();
        *value = (old + delta).to_string().into_bytes();
        Ok(old + delta)
    }
}

/// An opened store.
#[expect(unreachable_pub, reason = "the generated modules export it again")]
pub struct Bucket;

mod draft {
    wasmtime::component::bindgen!({
        path: "../components/shared-store/wit",
        inline: "
            package tests:keyvalue;

            world draft {
                import wasi:keyvalue/store@0.2.0-draft;
                import wasi:keyvalue/atomics@0.2.0-draft;
            }
        ",
        world: "tests:keyvalue/draft",
        imports: { default: trappable },
        with: { "wasi:keyvalue/store@0.2.0-draft.bucket": crate::keyvalue::Bucket },
    });
}

mod draft2 {
    wasmtime::component::bindgen!({
        path: "../components/shared-store/wit",
        inline: "
            package tests:keyvalue;

            world draft2 {
                import wasi:keyvalue/store@0.2.0-draft2;
                import wasi:keyvalue/atomics@0.2.0-draft2;
            }
        ",
        world: "tests:keyvalue/draft2",
        imports: { default: trappable },
        with: { "wasi:keyvalue/store@0.2.0-draft2.bucket": crate::keyvalue::Bucket },
    });
}

/// A draft's interfaces, on the store.
macro_rules! draft {
    ($keyvalue:path, $number:ty) => {
        const _: () = {
            use $keyvalue::{atomics, store};

            impl store::Host for Host {
                fn open(&mut self, name: String) -> Result<Result<Resource<Bucket>, store::Error>> {
                    match &*name {
                        "default" => Ok(Ok(self.table.push(Bucket)?)),
                        "others" => Ok(Err(store::Error::AccessDenied)),
                        _ => Ok(Err(store::Error::NoSuchStore)),
                    }
                }
            }

            impl store::HostBucket for Host {
                fn get(
                    &mut self,
                    _: Resource<Bucket>,
                    key: String,
                ) -> Result<Result<Option<Vec<u8>>, store::Error>> {
                    Ok(self.store.get(&key).map_err(store::Error::Other))
                }

                fn set(
                    &mut self,
                    _: Resource<Bucket>,
                    key: String,
                    value: Vec<u8>,
                ) -> Result<Result<(), store::Error>> {
                    Ok(self.store.set(key, value).map_err(store::Error::Other))
                }

                fn delete(
                    &mut self,
                    _: Resource<Bucket>,
                    key: String,
                ) -> Result<Result<(), store::Error>> {
                    Ok(self.store.delete(&key).map_err(store::Error::Other))
                }

                fn drop(&mut self, bucket: Resource<Bucket>) -> Result<()> {
                    self.table.delete(bucket)?;
                    Ok(())
                }
            }

            impl atomics::Host for Host {
                fn increment(
                    &mut self,
                    _: Resource<Bucket>,
                    key: String,
                    delta: $number,
                ) -> Result<Result<$number, store::Error>> {
                    let delta = delta.try_into().unwrap();
                    let new = self.store.add(key, delta).map_err(store::Error::Other);
                    Ok(new.map(|new| new.try_into().unwrap()))
                }
            }
        };
    };
}

draft!(draft::wasi::keyvalue0_2_0_draft, u64);
draft!(draft2::wasi::keyvalue0_2_0_draft2, i64);

/// Both drafts.
pub(crate) fn add_to_linker(linker: &mut Linker<Host>) -> Result<()> {
    draft::Draft::add_to_linker::<_, HasSelf<_>>(linker, |host| host)?;
    draft2::Draft2::add_to_linker::<_, HasSelf<_>>(linker, |host| host)
}
