//! Streams, their errors, and waiting.

use alloc::{rc::Rc, vec, vec::Vec};

use super::{Component, Download, Upload};
use crate::bindings::{
    exports::wasi::{clocks::monotonic_clock as clock, io as exports},
    wasi::{clocks::monotonic_clock as host_clock, io as host},
};
use exports::{
    error::GuestError,
    poll::{GuestPollable, PollableBorrow},
    streams::{GuestInputStream, GuestOutputStream, InputStreamBorrow, StreamError},
};

/// How many bytes this component's own streams take at once.
const WRITABLE: u64 = 64 << 10;

/// Something to wait for.
pub(super) enum Pollable {
    Host(host::poll::Pollable),
    /// What this component has is always there.
    Ready,
}

impl Pollable {
    pub(super) fn of(host: host::poll::Pollable) -> exports::poll::Pollable {
        exports::poll::Pollable::new(Self::Host(host))
    }

    pub(super) fn always() -> exports::poll::Pollable {
        exports::poll::Pollable::new(Self::Ready)
    }
}

impl GuestPollable for Pollable {
    fn ready(&self) -> bool {
        match self {
            Self::Host(pollable) => pollable.ready(),
            Self::Ready => true,
        }
    }

    fn block(&self) {
        match self {
            Self::Host(pollable) => pollable.block(),
            Self::Ready => {}
        }
    }
}

impl exports::poll::Guest for Component {
    type Pollable = Pollable;

    fn poll(pollables: Vec<PollableBorrow<'_>>) -> Vec<u32> {
        let all = pollables.iter().map(|one| one.get::<Pollable>());
        let ready: Vec<u32> = (0..)
            .zip(all.clone())
            .filter_map(|(index, one)| one.ready().then_some(index))
            .collect();
        if !ready.is_empty() {
            return ready;
        }
        let hosts = all.filter_map(|one| match one {
            Pollable::Host(pollable) => Some(pollable),
            Pollable::Ready => None,
        });
        // None is this component's own, or it would be ready.
        host::poll::poll(&hosts.collect::<Vec<_>>())
    }
}

impl clock::Guest for Component {
    fn now() -> u64 {
        host_clock::now()
    }

    fn resolution() -> u64 {
        host_clock::resolution()
    }

    fn subscribe_instant(when: u64) -> clock::Pollable {
        Pollable::of(host_clock::subscribe_instant(when))
    }

    fn subscribe_duration(when: u64) -> clock::Pollable {
        Pollable::of(host_clock::subscribe_duration(when))
    }
}

/// An error of one of the host's streams.
pub(super) struct IoError(pub(super) host::error::Error);

impl exports::error::Guest for Component {
    type Error = IoError;
}

impl GuestError for IoError {
    fn to_debug_string(&self) -> alloc::string::String {
        self.0.to_debug_string()
    }
}

impl From<host::streams::StreamError> for StreamError {
    fn from(error: host::streams::StreamError) -> Self {
        match error {
            host::streams::StreamError::Closed => Self::Closed,
            host::streams::StreamError::LastOperationFailed(error) => {
                Self::LastOperationFailed(exports::error::Error::new(IoError(error)))
            }
        }
    }
}

impl exports::streams::Guest for Component {
    type InputStream = InputStream;
    type OutputStream = OutputStream;
}

/// The body of a response.
pub(super) enum InputStream {
    Host(host::streams::InputStream),
    Own(Download),
}

impl InputStream {
    fn download(download: &Download, len: u64) -> Result<&[u8], StreamError> {
        download.read(len).ok_or(StreamError::Closed)
    }
}

impl GuestInputStream for InputStream {
    fn read(&self, len: u64) -> Result<Vec<u8>, StreamError> {
        match self {
            Self::Host(stream) => Ok(stream.read(len)?),
            Self::Own(download) => Self::download(download, len).map(<[u8]>::to_vec),
        }
    }

    fn blocking_read(&self, len: u64) -> Result<Vec<u8>, StreamError> {
        match self {
            Self::Host(stream) => Ok(stream.blocking_read(len)?),
            Self::Own(_) => self.read(len),
        }
    }

    fn skip(&self, len: u64) -> Result<u64, StreamError> {
        match self {
            Self::Host(stream) => Ok(stream.skip(len)?),
            Self::Own(download) => Self::download(download, len).map(|read| read.len() as u64),
        }
    }

    fn blocking_skip(&self, len: u64) -> Result<u64, StreamError> {
        match self {
            Self::Host(stream) => Ok(stream.blocking_skip(len)?),
            Self::Own(_) => self.skip(len),
        }
    }

    fn subscribe(&self) -> exports::streams::Pollable {
        match self {
            Self::Host(stream) => Pollable::of(stream.subscribe()),
            Self::Own(_) => Pollable::always(),
        }
    }
}

/// The body of a request.
pub(super) enum OutputStream {
    Host(host::streams::OutputStream),
    Own(Rc<Upload>),
}

impl GuestOutputStream for OutputStream {
    fn check_write(&self) -> Result<u64, StreamError> {
        match self {
            Self::Host(stream) => Ok(stream.check_write()?),
            Self::Own(_) => Ok(WRITABLE),
        }
    }

    fn write(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        match self {
            Self::Host(stream) => stream.write(&contents)?,
            Self::Own(upload) => upload.write(&contents),
        }
        Ok(())
    }

    fn blocking_write_and_flush(&self, contents: Vec<u8>) -> Result<(), StreamError> {
        match self {
            Self::Host(stream) => stream.blocking_write_and_flush(&contents)?,
            Self::Own(upload) => upload.write(&contents),
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StreamError> {
        match self {
            Self::Host(stream) => Ok(stream.flush()?),
            Self::Own(_) => Ok(()),
        }
    }

    fn blocking_flush(&self) -> Result<(), StreamError> {
        match self {
            Self::Host(stream) => Ok(stream.blocking_flush()?),
            Self::Own(_) => Ok(()),
        }
    }

    fn subscribe(&self) -> exports::streams::Pollable {
        match self {
            Self::Host(stream) => Pollable::of(stream.subscribe()),
            Self::Own(_) => Pollable::always(),
        }
    }

    fn write_zeroes(&self, len: u64) -> Result<(), StreamError> {
        match self {
            Self::Host(stream) => stream.write_zeroes(len)?,
            Self::Own(upload) => upload.write(&zeroes(len)),
        }
        Ok(())
    }

    fn blocking_write_zeroes_and_flush(&self, len: u64) -> Result<(), StreamError> {
        match self {
            Self::Host(stream) => stream.blocking_write_zeroes_and_flush(len)?,
            Self::Own(upload) => upload.write(&zeroes(len)),
        }
        Ok(())
    }

    fn splice(&self, source: InputStreamBorrow<'_>, len: u64) -> Result<u64, StreamError> {
        let room = self.check_write()?;
        let read = source.get::<InputStream>().read(len.min(room))?;
        let count = read.len() as u64;
        self.write(read)?;
        Ok(count)
    }

    fn blocking_splice(&self, source: InputStreamBorrow<'_>, len: u64) -> Result<u64, StreamError> {
        while self.check_write()? == 0 {
            self.block();
        }
        let room = self.check_write()?;
        let read = source.get::<InputStream>().blocking_read(len.min(room))?;
        let count = read.len() as u64;
        self.write(read)?;
        Ok(count)
    }
}

impl OutputStream {
    /// Waits until something can be written.
    fn block(&self) {
        if let Self::Host(stream) = self {
            stream.subscribe().block();
        }
    }
}

/// No more than a stream takes at once.
fn zeroes(len: u64) -> Vec<u8> {
    vec![0; len.min(WRITABLE) as usize]
}
