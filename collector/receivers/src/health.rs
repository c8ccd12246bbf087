//! `grpc.health.v1.Health/Check`: load balancers and mesh sidecars ask it.
//!
//! It says SERVING whatever service is named. Being asked at all
//! means that connections are taken; whether the log takes writes is told by each request and by `/readyz`.

use crate::otlp_face::ReplyBody;
use crate::otlp_grpc;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

pub(crate) const CHECK_PATH: &str = "/grpc.health.v1.Health/Check";

/// `HealthCheckResponse { status: SERVING }`: field 1, varint 1.
const SERVING: [u8; 2] = [0x08, 0x01];

pub(crate) async fn check<B: Body<Data = Bytes>>(_request: Request<B>) -> Response<ReplyBody> {
    otlp_grpc::unary(&SERVING)
}
