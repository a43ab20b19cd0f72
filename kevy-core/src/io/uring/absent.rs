//! No ring: this system has none.

use std::convert::Infallible;
use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use super::{Chunk, Completion, Operation, Retired};
use crate::io::Listener;

/// A ring that nobody has. See the other module of its name for what its methods do.
#[derive(Debug)]
pub struct Uring(Infallible);

impl Uring {
    pub fn new(_: RawFd) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn probe() -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn enable(&mut self) -> io::Result<()> {
        match self.0 {}
    }

    pub fn receive(&mut self, _: RawFd, _: usize) -> Operation {
        match self.0 {}
    }

    pub fn send(&mut self, _: RawFd, _: usize, _: Vec<u8>, _: usize) -> Operation {
        match self.0 {}
    }

    pub fn await_writable(&mut self, _: RawFd, _: usize) -> Operation {
        match self.0 {}
    }

    pub fn await_hang_up(&mut self, _: RawFd, _: usize) -> Operation {
        match self.0 {}
    }

    pub fn accept(&mut self, _: &Listener, _: usize) -> Operation {
        match self.0 {}
    }

    pub fn cancel(&mut self, _: Operation) {
        match self.0 {}
    }

    pub fn abandon(&mut self, _: Operation) {
        match self.0 {}
    }

    pub fn retire(&mut self, _: Retired) {
        match self.0 {}
    }

    pub fn spare(&mut self) -> Vec<u8> {
        match self.0 {}
    }

    pub fn keep(&mut self, _: Vec<u8>) {
        match self.0 {}
    }

    pub fn bytes(&self, _: &Chunk) -> &[u8] {
        match self.0 {}
    }

    pub fn give_back(&mut self, _: Chunk) {
        match self.0 {}
    }

    pub fn wait(&mut self, _: Option<Duration>) -> io::Result<()> {
        match self.0 {}
    }

    pub fn next(&mut self) -> Option<Completion> {
        match self.0 {}
    }

    pub fn finish(&mut self) -> bool {
        match self.0 {}
    }
}
