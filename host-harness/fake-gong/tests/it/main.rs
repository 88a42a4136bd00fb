//! The stand-in over real sockets.

mod behaviour;
mod client;
mod company;
mod contract;
mod document;
mod faults;
mod limits;
mod paging;
mod scripted;
mod shape;
mod tls;
