//! The stand-in over real sockets.

mod behaviour;
mod client;
mod company;
mod contract;
mod crm;
mod document;
mod engage;
mod faults;
mod limits;
mod paging;
mod partners;
mod permissions;
mod privacy;
mod scripted;
mod shape;
mod targets;
mod tls;
