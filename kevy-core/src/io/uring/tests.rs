//! The ring with sockets of this process. Where the system has no io_uring there is nothing to hold.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use mio::{Poll, Token};

use super::{Completion, Retired, Uring};
use crate::base::signal::Ring;
use crate::io::{Alarm, Listener, Socket};

const PATIENCE: Duration = Duration::from_secs(20);

fn with_ring(test: impl FnOnce(&Poll, &mut Uring)) {
    if Uring::probe().is_err() {
        return;
    }
    let poll = Poll::new().expect("a poll");
    let mut uring = Uring::new(poll.as_raw_fd()).expect("a ring");
    uring.enable().expect("a thread for it");
    test(&poll, &mut uring);
}

fn pair() -> (Socket, UnixStream) {
    let (ours, theirs) = Socket::pair().expect("a pair");
    (ours, theirs.into())
}

/// The next completion.
fn next(uring: &mut Uring) -> Completion {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(completion) = uring.next() {
            return completion;
        }
        assert!(Instant::now() < deadline, "nothing completes");
        uring.wait(Some(Duration::from_millis(100))).expect("a ring that works");
    }
}

/// Bytes and ends of connection 7 until there are `len`.
fn receive(uring: &mut Uring, len: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < len {
        match next(uring) {
            Completion::Received { key: 7, result: Ok(Some(chunk)), .. } => {
                all.extend_from_slice(uring.bytes(&chunk));
                uring.give_back(chunk);
            }
            other => panic!("{other:?}"),
        }
    }
    all
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 % 251) as u8).collect()
}

#[test]
fn bytes_come_in_order_until_the_end() {
    with_ring(|_, uring| {
        let (ours, mut theirs) = pair();
        uring.receive(ours.fd(), 7);
        let sent = pattern(3_000_000);
        std::thread::scope(|scope| {
            scope.spawn(|| theirs.write_all(&sent));
            assert!(receive(uring, sent.len()) == sent);
        });
        drop(theirs);
        let end = next(uring);
        assert!(matches!(end, Completion::Received { result: Ok(None), goes_on: false, .. }), "{end:?}");
    });
}

#[test]
fn what_nobody_gives_back_ends_the_receiving_and_no_more() {
    with_ring(|_, uring| {
        let (ours, mut theirs) = pair();
        let sent = pattern(12 << 20);
        std::thread::scope(|scope| {
            scope.spawn(|| theirs.write_all(&sent));
            let (mut kept, mut all) = (Vec::new(), Vec::new());
            uring.receive(ours.fd(), 7);
            while all.len() < sent.len() {
                let Completion::Received { result, goes_on, .. } = next(uring) else { panic!("no bytes") };
                if let Ok(Some(chunk)) = result {
                    all.extend_from_slice(uring.bytes(&chunk));
                    kept.push(chunk);
                }
                if !goes_on {
                    kept.drain(..).for_each(|chunk| uring.give_back(chunk));
                    uring.receive(ours.fd(), 7);
                }
            }
            assert!(all == sent);
        });
    });
}

#[test]
fn a_send_waits_for_room_and_tells_how_far_it_came() {
    with_ring(|_, uring| {
        let (ours, mut theirs) = pair();
        let sent = pattern(4 << 20);
        let (mut at, mut got) = (0, vec![0; sent.len()]);
        std::thread::scope(|scope| {
            scope.spawn(|| theirs.read_exact(&mut got));
            while at < sent.len() {
                uring.send(ours.fd(), 7, sent.clone(), at);
                let Completion::Sent { bytes, result, .. } = next(uring) else { panic!("nothing is sent") };
                assert!(bytes == sent);
                at += result.expect("the peer reads");
            }
        });
        assert!(got == sent);
    });
}

#[test]
fn a_send_to_nobody_is_an_error_and_no_signal() {
    with_ring(|_, uring| {
        let (ours, theirs) = pair();
        drop(theirs);
        uring.send(ours.fd(), 7, b"?".to_vec(), 0);
        let sent = next(uring);
        assert!(matches!(&sent, Completion::Sent { result: Err(_), .. }), "{sent:?}");
    });
}

#[test]
fn what_is_abandoned_is_heard_of_no_more_and_its_socket_is_closed() {
    with_ring(|_, uring| {
        let (ours, mut theirs) = pair();
        let (receiving, sending) =
            (uring.receive(ours.fd(), 7), uring.send(ours.fd(), 7, pattern(8 << 20), 0));
        // The socket takes a part of it; the rest is sent in vain.
        let Completion::Sent { bytes, result, .. } = next(uring) else { panic!("nothing is sent") };
        let more = uring.send(ours.fd(), 7, bytes, result.expect("room"));
        uring.wait(Some(Duration::ZERO)).expect("a ring that works");
        for operation in [receiving, sending, more] {
            uring.abandon(operation);
        }
        uring.retire(Retired::Socket(ours));
        uring.wait(Some(Duration::ZERO)).expect("a ring that works");
        assert!(uring.next().is_none());
        theirs.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut rest = Vec::new();
        // The end comes, which is what is asked for here; an error would be another way to tell of it.
        let _ = theirs.read_to_end(&mut rest);
        assert!(rest.len() < 8 << 20);
        assert!(uring.finish());
    });
}

#[test]
fn the_alarm_and_the_time_end_a_wait() {
    with_ring(|poll, uring| {
        let alarm = Alarm::new(poll.registry(), Token(0)).expect("an alarm");
        assert!(alarm.park());
        std::thread::scope(|scope| {
            scope.spawn(|| alarm.ring(1));
            assert!(matches!(next(uring), Completion::Ready));
        });
        let begun = Instant::now();
        uring.wait(Some(Duration::from_millis(30))).expect("a ring that works");
        while begun.elapsed() < Duration::from_millis(30) {
            uring.wait(Some(Duration::from_millis(30))).expect("a ring that works");
        }
        assert!(uring.next().is_none_or(|completion| matches!(completion, Completion::Ready)));
    });
}

#[test]
fn a_listener_that_is_retired_is_closed() {
    with_ring(|_, uring| {
        let listener = Listener::tcp(([127, 0, 0, 1], 0).into(), 16).expect("a port");
        let address = SocketAddr::from(([127, 0, 0, 1], listener.port().expect("a port")));
        let accepting = uring.accept(&listener, 3);
        for _ in 0..3 {
            // The system completes the connection before anybody accepts it.
            let peer = TcpStream::connect(address).expect("a connection");
            let accepted = next(uring);
            let Completion::Accepted { key: 3, result, goes_on: true } = accepted else {
                panic!("{accepted:?}")
            };
            let socket = listener.adopt(result.expect("a connection")).expect("a socket");
            assert_eq!(socket.peer, peer.local_addr().expect("a name").to_string());
        }
        uring.abandon(accepting);
        uring.retire(Retired::Listener(listener));
        assert!(uring.finish());
        TcpListener::bind(address).expect("the port is free");
    });
}
