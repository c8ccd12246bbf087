//! For tests: an answer of the house whose body is whole already, without a runtime.

use http::Response;
use http_body_util::BodyExt;
use service::ResponseBody;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

pub(crate) fn text_of(response: Response<ResponseBody>) -> String {
    let mut body = pin!(response.into_body().collect());
    let Poll::Ready(whole) = body.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the body is not whole")
    };
    String::from_utf8(whole.unwrap().to_bytes().to_vec()).unwrap()
}

pub(crate) fn json_of(response: Response<ResponseBody>) -> serde_json::Value {
    serde_json::from_str(&text_of(response)).unwrap()
}
