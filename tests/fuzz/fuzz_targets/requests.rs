//! Requests mean the same whether they arrive whole or in pieces, and what was understood survives being encoded
//! and parsed again.
//!
//! The first byte of the input chooses the size of the pieces and whether the client is authenticated.
#![no_main]

use kevy_core::fuzz::{ArgVec, Batch, Limits, ProtocolError, RequestParser, decode_command, encode_command};
use libfuzzer_sys::fuzz_target;

type Commands = Vec<Vec<Vec<u8>>>;

fn parse(bytes: &[u8], step: usize, limits: &Limits) -> (Commands, Option<ProtocolError>) {
    let (mut parser, mut batch, mut commands) = (RequestParser::new(), Batch::new(), Vec::new());
    let mut start = 0;
    for end in (0..bytes.len()).step_by(step).map(|at| (at + step).min(bytes.len())) {
        loop {
            let buf = &bytes[start..end];
            let progress = match parser.parse(buf, limits, 4, &mut batch) {
                Ok(progress) => progress,
                Err(error) => return (commands, Some(error)),
            };
            assert!(batch.len() <= 4 && progress.consumed <= buf.len());
            for i in 0..batch.len() {
                let mut args = ArgVec::new();
                batch.args(i, buf, &mut args);
                assert!(!args.is_empty() && batch.end(i) <= progress.consumed);
                commands.push(args.iter().map(|arg| arg.to_vec()).collect());
            }
            start += progress.consumed;
            if !progress.more {
                break;
            }
            assert!(!batch.is_empty(), "parsing again must have brought something");
        }
    }
    (commands, None)
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let limits = Limits { authenticated: choice & 1 == 0, inline_len_max: 256, ..Limits::default() };
    let (commands, error) = parse(bytes, bytes.len().max(1), &limits);
    let pieces = parse(bytes, usize::from(choice >> 1) % 32 + 1, &limits);
    assert_eq!((&commands, &error), (&pieces.0, &pieces.1));

    let mut encoded = Vec::new();
    for command in &commands {
        let args: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
        let start = encoded.len();
        encode_command(&mut encoded, &args);
        let mut decoded = ArgVec::new();
        assert_eq!(decode_command(&encoded[start..], &mut decoded), Ok(Some(encoded.len() - start)));
        assert_eq!(decoded.as_slice(), args.as_slice());
    }
    // An inline request may have more words than an unauthenticated client's array may have elements.
    assert_eq!(parse(&encoded, encoded.len().max(1), &Limits::default()), (commands, None));

    let mut args = ArgVec::new();
    if let Ok(Some(consumed)) = decode_command(bytes, &mut args) {
        let mut again = Vec::new();
        encode_command(&mut again, &args);
        assert_eq!(again, bytes[..consumed]);
    }
});
