use crate::command::testing::Harness;

#[test]
fn a_replica_follows_every_change() {
    let mut kevy = Harness::new();
    let mut replica = Harness::new();
    for line in [
        "VADD v VALUES 3 1 2 3 a",
        "VADD v VALUES 3 -1 0.5 3 b SETATTR '{\"n\":1}' EF 10 CAS",
        "VADD v VALUES 3 0 0 1 a",
        "VSETATTR v a '{}'",
        "VSETATTR v b ''",
        "VREM v a",
        "VADD r REDUCE 2 VALUES 4 1 2 3 4 a NOQUANT M 8",
        "VADD r REDUCE 2 VALUES 4 4 3 2 1 b NOQUANT M 8",
        "VREM v b",
    ] {
        let reply = kevy.line(line);
        assert!(!reply.starts_with('-'), "{line}: {reply}");
        let effects = kevy.take_effects();
        assert_eq!(effects.len(), 1, "{line}");
        replica.apply(&effects);
        for key in ["v", "r"] {
            assert_eq!(kevy.held(key), replica.held(key), "{line}");
        }
    }
    assert_eq!(kevy.line("EXISTS v"), r":0\r\n");
}

#[test]
fn nothing_changed_is_nothing_said() {
    let mut kevy = Harness::new();
    kevy.line("VADD v VALUES 2 1 2 a");
    kevy.take_effects();
    for line in [
        "VREM v none",
        "VREM none a",
        "VSETATTR v none {}",
        "VSETATTR none a {}",
        "VADD v VALUES 3 1 2 3 b",
        "VADD v VALUES 2 1 2 b BIN",
        "VADD new VALUES 2 1 nan b",
        "VSIM v ELE a",
    ] {
        kevy.line(line);
        assert_eq!(kevy.take_effect_lines(), [""; 0], "{line}");
    }
    assert_eq!(kevy.line("EXISTS new"), r":0\r\n");
}

#[test]
fn a_set_survives_dump_and_restore_and_a_stream_of_its_elements() {
    let mut kevy = Harness::new();
    for form in ["NOQUANT", "Q8", "BIN M 9"] {
        for element in 0..20 {
            kevy.line(&format!(
                "VADD v VALUES 3 {element} 2 -3 e{element} {form} SETATTR '{{\"n\":{element}}}'"
            ));
            kevy.line(&format!("VADD p REDUCE 2 VALUES 3 {element} 2 -3 e{element} {form}"));
        }
        for key in ["v", "p"] {
            let dump = kevy.run(&[b"DUMP", key.as_bytes()]);
            let payload =
                dump[dump.iter().position(|byte| *byte == b'\n').unwrap() + 1..dump.len() - 2].to_vec();
            assert_eq!(kevy.run(&[b"RESTORE", b"copy", b"0", &payload, b"REPLACE"]), b"+OK\r\n");
            assert_eq!(kevy.held("copy"), kevy.held(key), "{form}");
            assert_eq!(kevy.line(&format!("DEBUG DIGEST-VALUE {key}")), kevy.line("DEBUG DIGEST-VALUE copy"));
            assert_eq!(
                kevy.line(&format!("VSIM {key} VALUES 3 1 1 1 WITHSCORES TRUTH")),
                kevy.line("VSIM copy VALUES 3 1 1 1 WITHSCORES TRUTH")
            );
            for at in 0..payload.len() {
                let mut damaged = payload.clone();
                damaged[at] ^= 0x41;
                assert!(kevy.run(&[b"RESTORE", b"x", b"0", &damaged]).starts_with(b"-"), "{at}");
            }
        }
        kevy.line("DEL v p copy");
    }
}
