//! The stand-in over real sockets.

mod added_calls;
mod behaviour;
mod changes;
mod client;
mod company;
mod contract;
mod crm;
mod document;
mod engage;
mod entities;
mod faults;
mod grown;
mod limits;
mod logs;
mod paging;
mod partners;
mod permissions;
mod privacy;
mod same_bytes;
mod scripted;
mod settings;
mod shape;
mod stats;
mod targets;
mod tls;
