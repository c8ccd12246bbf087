//! The kernel's socket tables.

use super::*;

const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:10DD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:10DD 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 20 4 30 10 -1
   2: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 100 0 0 10 0
";

#[test]
fn only_the_listening_socket_of_the_port_counts() {
    assert_eq!(listening_inodes(TABLE, 4317), [4711]);
    assert_eq!(listening_inodes(TABLE, 8080), [4713]);
    assert!(listening_inodes(TABLE, 80).is_empty());
    assert!(listening_inodes("garbage\n1 2 3", 80).is_empty());
}
