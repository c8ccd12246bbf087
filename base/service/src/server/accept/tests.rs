//! Caps, and what becomes of errors of accept(2).

use std::time::Duration;

use super::*;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn server() -> Arc<Server> {
    let settings = ServerSettings { connections_max: 3, connections_per_peer_max: 2, ..ServerSettings::default() };
    Server::new(settings)
}

#[test]
fn one_peer_cannot_take_all_places() {
    let server = server();
    let first = Place::take(&server, address("192.0.2.1:1000"));
    let second = Place::take(&server, address("192.0.2.1:1001"));
    assert!(first.is_some() && second.is_some());
    assert!(Place::take(&server, address("192.0.2.1:1002")).is_none(), "two per peer");
    let other = Place::take(&server, address("192.0.2.2:1000"));
    assert!(other.is_some(), "another peer still has room");
    assert!(Place::take(&server, address("192.0.2.3:1000")).is_none(), "three in total");
    drop(first);
    assert!(Place::take(&server, address("192.0.2.1:1003")).is_some(), "a place given back is free");
}

#[test]
fn a_refused_peer_leaves_no_count_behind() {
    let server = server();
    let held: Vec<_> = (0..3).map(|n| Place::take(&server, address(&format!("192.0.2.{n}:1")))).collect();
    assert!(Place::take(&server, address("192.0.2.9:1")).is_none());
    drop(held);
    assert_eq!(server.connections.count(), 0);
    assert!(server.connections.lock().by_peer.is_empty());
}

#[test]
fn loopback_is_counted_in_total_only() {
    let server = server();
    let held: Vec<_> = (1..4).map(|port| Place::take(&server, address(&format!("127.0.0.1:{port}")))).collect();
    assert!(held.iter().all(Option::is_some));
    assert!(Place::take(&server, address("[::1]:9")).is_none());
}

#[test]
fn an_ipv6_network_counts_as_one_peer() {
    let one = counted_address("2001:db8:1:2::1".parse().unwrap());
    let two = counted_address("2001:db8:1:2:ffff::9".parse().unwrap());
    let other = counted_address("2001:db8:1:3::1".parse().unwrap());
    assert_eq!(one, two);
    assert_ne!(one, other);
    assert_eq!(counted_address("::ffff:127.0.0.1".parse().unwrap()), None, "mapped loopback is loopback");
}

#[test]
fn errors_of_accept_end_nothing() {
    let of = |number: i32| after(&io::Error::from_raw_os_error(number));
    assert_eq!(of(24), AfterError::UseSpare, "EMFILE");
    assert_eq!(of(23), AfterError::UseSpare, "ENFILE");
    assert_eq!(of(103), AfterError::Next, "ECONNABORTED");
    assert_eq!(of(105), AfterError::Pause, "ENOBUFS");
    assert_eq!(after(&io::Error::other("new")), AfterError::Pause);
}

#[tokio::test]
async fn out_of_descriptors_the_spare_one_closes_the_waiting_connection() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut listener = Listener::new(socket, None).unwrap();
    let waiting = std::net::TcpStream::connect(address).unwrap();
    listener.bear(&io::Error::from_raw_os_error(24)).await;
    waiting.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let read = io::Read::read(&mut &waiting, &mut [0u8; 1]).unwrap();
    assert_eq!(read, 0, "the connection is closed instead of left hanging");
    assert!(listener.spare.is_some(), "the spare descriptor is taken back");
}
