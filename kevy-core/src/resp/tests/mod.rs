mod replies;
mod requests;
mod roundtrip;
mod writing;
