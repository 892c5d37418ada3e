//! The board: what became of each delivery, for programs and for leaders.
//!
//! Read models: [`batch`] counts, [`deliveries`] lists, [`timeline`] tells one delivery's story, [`standing`] says where
//! everybody stands, [`households`] lists them, [`household`] tells one whole, [`problems`] says who needs somebody, [`cursor`] turns pages, [`words`] says in words what is the matter and who has to act, [`paused`] why
//! a batch stands still, [`pace`] how long the rest takes, [`report`] what the report adds. Each is read by the HTTP API and by the pages alike. Counts are
//! tallies written together with every change of state; they sum to the batch's total.
//!
//! [`steering`] pauses, resumes and cancels; [`merging`] makes one of a household that is listed twice; [`deciding`] takes a leader's word on what may have arrived, and
//! [`obstacles`] says why it is not carried out. [`session`] knows who looks, [`pages`] is what they see, and
//! [`live`] and [`stream`] keep it up to date.

pub mod batch;
pub mod cursor;
pub mod deciding;
pub mod deliveries;
pub mod household;
pub mod households;
pub mod live;
pub mod merging;
pub mod obstacles;
pub mod pace;
pub mod pages;
pub mod paused;
pub mod problems;
pub mod report;
pub mod session;
pub mod standing;
pub mod steering;
pub mod stream;
pub mod timeline;
pub mod words;
