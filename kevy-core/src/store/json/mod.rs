//! JSON documents, as the commands of RedisJSON know them.
//!
//! A document is a tree of [`Node`]s with its size beside it, so that asking for memory looks at nothing. Changes go
//! through the methods of [`Json`], which name places by their [`Location`] and keep the size right. `serde_json`
//! parses and prints; [`Path`] is RedisJSON's dialect of JSONPath, which no library speaks and which has to yield
//! places to be changed.

mod edit;
mod node;
mod path;
mod remains;
#[cfg(test)]
mod tests;
mod text;

use node::Size;
pub use node::{Members, Node, Number};
pub use path::{Addition, Location, Path, TooMuchWork, full_text};
pub use text::{Answer, DEPTH_MAX, Layout, TooLong, parse, print};

use super::collection::{ValueType, collection_casts};
use super::garbage::Heap;
use remains::Remains;

/// A JSON document.
#[derive(Debug, Default)]
pub struct Json(Box<Document>);

impl Clone for Json {
    fn clone(&self) -> Self {
        // The copy may have allocated less.
        Self::new(self.root().clone())
    }
}

#[derive(Debug, Default)]
struct Document {
    root: Node,
    /// The size of the root; without values while the document was never set.
    size: Size,
}

impl Json {
    /// A document of that value.
    pub fn new(root: Node) -> Self {
        let size = root.size();
        Self(Box::new(Document { root, size }))
    }

    /// The whole value.
    pub fn root(&self) -> &Node {
        &self.0.root
    }

    /// The text of the whole value.
    pub fn to_text(&self) -> Vec<u8> {
        // Without a limit on the length nothing can fail.
        print(self.root(), Layout::default(), usize::MAX).unwrap_or_default()
    }

    /// The places that a path leads to, in the order in which they lie in the document.
    pub fn locate(&self, path: &Path) -> Result<Vec<Location>, TooMuchWork> {
        path.locate(self.root(), self.0.size.values)
    }

    /// The values that a path leads to.
    pub fn find(&self, path: &Path) -> Result<Vec<&Node>, TooMuchWork> {
        path.find(self.root(), self.0.size.values)
    }

    /// The value at a place; `None` where there is none any more.
    pub fn get(&self, at: &[u32]) -> Option<&Node> {
        at.iter().try_fold(self.root(), |node, &position| node.child(position))
    }
}

impl ValueType for Json {
    collection_casts!(Json);

    fn len(&self) -> usize {
        self.0.size.values
    }

    fn memory(&self) -> usize {
        size_of::<Document>() + self.0.size.bytes
    }

    fn encoding(&self) -> &'static str {
        "raw"
    }

    fn into_heap(self) -> Option<Heap> {
        Some(Heap::Parts(Box::new(Remains::of(*self.0))))
    }
}
