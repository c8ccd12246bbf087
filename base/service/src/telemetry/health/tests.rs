//! How often an operator hears that telemetry is lost.

use std::sync::{Arc, Mutex};

use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use super::*;
use crate::telemetry::quiet::quietly;

#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<&'static str>>>);

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        assert!(!crate::telemetry::is_quiet(), "said aloud");
        assert_eq!(event.metadata().target(), EXPORT_TARGET);
        self.0.lock().unwrap().push(event.metadata().level().as_str());
    }
}

#[test]
fn a_failing_destination_is_told_once_and_its_return_once_and_every_loss_is_counted() {
    let heard = Heard::default();
    let (sent, lost) = (Counter::default(), Counter::default());
    let health = SendHealth::new("logs", "http://a:1", sent.clone(), lost.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(heard.clone()), || {
        quietly(|| {
            health.note(Ok(()), 5);
            for _ in 0..10 {
                health.note(Err("gone".to_owned()), 3);
            }
            health.note(Ok(()), 2);
            health.note(Ok(()), 2);
        });
    });
    assert_eq!(*heard.0.lock().unwrap(), ["WARN", "INFO"]);
    assert_eq!((sent.get(), lost.get()), (9, 30));
}
