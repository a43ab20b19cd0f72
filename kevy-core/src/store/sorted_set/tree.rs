//! The order of a large sorted set: a B+-tree that counts, so that the element of a rank and the rank of an element
//! are both found in one descent.
//!
//! Elements are a score and the number of a slot that holds the member; the tree never looks at members. Whoever
//! knows the order passes it in as a function, which is asked about members only where scores are equal.

use std::cmp::Ordering;

/// Elements of one leaf: with its length they fill 760 bytes, just below a size class of most allocators.
const LEAF_MAX: usize = 63;
/// Children of one inner node.
const INNER_MAX: usize = 32;
/// Neighbours that are together no larger than this part of a node are joined: three in four.
const JOINED_PARTS: (usize, usize) = (3, 4);

/// A score and the slot of its member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ranked {
    pub(super) score: f64,
    pub(super) slot: u32,
}

/// A leaf: scores and slots apart, because a search looks at scores alone.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    scores: [f64; LEAF_MAX],
    slots: [u32; LEAF_MAX],
    len: u32,
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(Box<Leaf>),
    Inner(Vec<Child>),
}

#[derive(Clone, Debug)]
struct Child {
    /// Elements below.
    len: usize,
    /// The first of them.
    first: Ranked,
    node: Node,
}

/// See the module's description.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    root: Node,
    len: usize,
    leaves: usize,
    inners: usize,
}

impl Leaf {
    fn new() -> Box<Self> {
        Box::new(Self { scores: [0.0; LEAF_MAX], slots: [0; LEAF_MAX], len: 0 })
    }

    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) fn get(&self, at: usize) -> Ranked {
        Ranked { score: self.scores[at], slot: self.slots[at] }
    }

    fn set(&mut self, at: usize, element: Ranked) {
        self.scores[at] = element.score;
        self.slots[at] = element.slot;
    }

    fn insert(&mut self, at: usize, element: Ranked) {
        let len = self.len();
        self.scores.copy_within(at..len, at + 1);
        self.slots.copy_within(at..len, at + 1);
        self.set(at, element);
        self.len += 1;
    }

    fn remove(&mut self, at: usize) -> Ranked {
        let (len, element) = (self.len(), self.get(at));
        self.scores.copy_within(at + 1..len, at);
        self.slots.copy_within(at + 1..len, at);
        self.len -= 1;
        element
    }

    /// Moves the elements from `at` on to a new leaf.
    fn split_off(&mut self, at: usize) -> Box<Self> {
        let mut right = Self::new();
        right.append(self, at);
        self.len = at as u32;
        right
    }

    /// Copies what another leaf holds from `from` on behind what is here.
    fn append(&mut self, other: &Self, from: usize) {
        let (len, count) = (self.len(), other.len() - from);
        self.scores[len..len + count].copy_from_slice(&other.scores[from..from + count]);
        self.slots[len..len + count].copy_from_slice(&other.slots[from..from + count]);
        self.len += count as u32;
    }
}

impl Child {
    fn new(node: Node) -> Self {
        let (len, first) = match &node {
            Node::Leaf(leaf) => (leaf.len(), leaf.get(0)),
            Node::Inner(children) => (children.iter().map(|child| child.len).sum(), children[0].first),
        };
        Self { len, first, node }
    }

    /// How full the node is, and how full it may be.
    fn load(&self) -> (usize, usize) {
        match &self.node {
            Node::Leaf(_) => (self.len, LEAF_MAX),
            Node::Inner(children) => (children.len(), INNER_MAX),
        }
    }
}

/// A node's children, room for one too many among them.
fn inner() -> Vec<Child> {
    Vec::with_capacity(INNER_MAX + 1)
}

impl Default for Tree {
    fn default() -> Self {
        Self { root: Node::Leaf(Leaf::new()), len: 0, leaves: 1, inners: 0 }
    }
}

impl Tree {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes allocated.
    pub(super) fn memory(&self) -> usize {
        self.leaves * size_of::<Leaf>() + self.inners * (INNER_MAX + 1) * size_of::<Child>()
    }

    /// Number of elements that `order` calls less; all of them come first.
    pub(super) fn count_less(&self, mut order: impl FnMut(Ranked) -> Ordering) -> usize {
        let (mut node, mut count) = (&self.root, 0);
        loop {
            match node {
                Node::Inner(children) => {
                    // An element of this order may be the first of a child.
                    let later = children[1..].partition_point(|child| order(child.first).is_le());
                    count += children[..later].iter().map(|child| child.len).sum::<usize>();
                    node = &children[later].node;
                }
                Node::Leaf(leaf) => {
                    let (mut low, mut high) = (0, leaf.len());
                    while low < high {
                        let middle = (low + high) / 2;
                        if order(leaf.get(middle)).is_lt() {
                            low = middle + 1;
                        } else {
                            high = middle;
                        }
                    }
                    return count + low;
                }
            }
        }
    }

    /// The leaf that holds a rank, and the place in it.
    pub(super) fn leaf(&self, rank: usize) -> Option<(&Leaf, usize)> {
        let (mut node, mut rank) = (&self.root, rank);
        loop {
            match node {
                Node::Inner(children) => {
                    let at = child_of(children, &mut rank)?;
                    node = &children[at].node;
                }
                Node::Leaf(leaf) => return (rank < leaf.len()).then_some((&**leaf, rank)),
            }
        }
    }

    /// The element of a rank.
    pub(super) fn get(&self, rank: usize) -> Option<Ranked> {
        self.leaf(rank).map(|(leaf, at)| leaf.get(at))
    }

    /// Puts another element in the place of the one of a rank.
    pub(super) fn set(&mut self, rank: usize, element: Ranked) {
        let (mut node, mut rank) = (&mut self.root, rank);
        loop {
            match node {
                Node::Inner(children) => {
                    let Some(at) = child_of(children, &mut rank) else { return };
                    if rank == 0 {
                        children[at].first = element;
                    }
                    node = &mut children[at].node;
                }
                Node::Leaf(leaf) => {
                    if rank < leaf.len() {
                        leaf.set(rank, element);
                    }
                    return;
                }
            }
        }
    }

    /// Adds an element as the one of a rank, which is at most the number of elements.
    pub(super) fn insert(&mut self, rank: usize, element: Ranked) {
        let mut made = Made::default();
        let right = insert(&mut self.root, rank, element, true, &mut made);
        if let Some(right) = right {
            let left = std::mem::replace(&mut self.root, Node::Inner(inner()));
            made.inners += 1;
            if let Node::Inner(children) = &mut self.root {
                children.extend([Child::new(left), Child::new(right)]);
            }
        }
        self.len += 1;
        self.leaves += made.leaves;
        self.inners += made.inners;
    }

    /// Takes the element of a rank out.
    pub(super) fn remove(&mut self, rank: usize) -> Option<Ranked> {
        if rank >= self.len {
            return None;
        }
        let mut gone = Made::default();
        let element = remove(&mut self.root, rank, &mut gone);
        self.len -= 1;
        self.leaves -= gone.leaves;
        self.inners -= gone.inners;
        while let Node::Inner(children) = &mut self.root
            && children.len() == 1
            && let Some(only) = children.pop()
        {
            self.root = only.node;
            self.inners -= 1;
        }
        element
    }

    /// Frees about one node; false when there was none but a leaf.
    pub(super) fn free_one(&mut self) -> bool {
        let mut gone = Made::default();
        if let Node::Inner(children) = &mut self.root {
            free_last(children, &mut gone);
        }
        self.leaves -= gone.leaves;
        self.inners -= gone.inners;
        gone.leaves + gone.inners > 0
    }
}

/// Frees the last node that has nothing below it.
fn free_last(children: &mut Vec<Child>, gone: &mut Made) {
    if let Some(Child { node: Node::Inner(below), .. }) = children.last_mut()
        && !below.is_empty()
    {
        return free_last(below, gone);
    }
    match children.pop() {
        Some(Child { node: Node::Leaf(_), .. }) => gone.leaves += 1,
        Some(Child { node: Node::Inner(_), .. }) => gone.inners += 1,
        None => {}
    }
}

/// The child that holds a rank, which becomes the rank within it.
fn child_of(children: &[Child], rank: &mut usize) -> Option<usize> {
    for (at, child) in children.iter().enumerate() {
        if *rank < child.len {
            return Some(at);
        }
        *rank -= child.len;
    }
    None
}

/// Nodes that came or went.
#[derive(Default)]
struct Made {
    leaves: usize,
    inners: usize,
}

/// Adds an element below `node` and returns the node's new right neighbour if it had to split. Only the last node
/// of the whole tree `is_last`: it stays full, because what comes in order would leave halves behind.
fn insert(node: &mut Node, rank: usize, element: Ranked, is_last: bool, made: &mut Made) -> Option<Node> {
    let children = match node {
        Node::Leaf(leaf) => {
            let len = leaf.len();
            if len < LEAF_MAX {
                leaf.insert(rank, element);
                return None;
            }
            made.leaves += 1;
            let mut right = leaf.split_off(if is_last && rank == len { len } else { len.div_ceil(2) });
            if rank <= leaf.len() && leaf.len() < LEAF_MAX {
                leaf.insert(rank, element);
            } else {
                right.insert(rank - leaf.len(), element);
            }
            return Some(Node::Leaf(right));
        }
        Node::Inner(children) => children,
    };
    let (mut at, mut rank) = (0, rank);
    while rank > children[at].len {
        rank -= children[at].len;
        at += 1;
    }
    let is_last_child = at + 1 == children.len();
    let child = &mut children[at];
    if rank == 0 {
        child.first = element;
    }
    child.len += 1;
    let right = Child::new(insert(&mut child.node, rank, element, is_last && is_last_child, made)?);
    child.len -= right.len;
    children.insert(at + 1, right);
    if children.len() <= INNER_MAX {
        return None;
    }
    let middle = if is_last && is_last_child { INNER_MAX } else { INNER_MAX.div_ceil(2) };
    let mut right = inner();
    right.extend(children.drain(middle..));
    made.inners += 1;
    Some(Node::Inner(right))
}

/// Takes the element of a rank out from below `node`, which may be left with nothing.
fn remove(node: &mut Node, rank: usize, gone: &mut Made) -> Option<Ranked> {
    let children = match node {
        Node::Leaf(leaf) => return Some(leaf.remove(rank)),
        Node::Inner(children) => children,
    };
    let mut rank = rank;
    let at = child_of(children, &mut rank)?;
    let child = &mut children[at];
    let element = remove(&mut child.node, rank, gone);
    child.len -= 1;
    if child.len == 0 {
        match children.remove(at).node {
            Node::Leaf(_) => gone.leaves += 1,
            Node::Inner(_) => gone.inners += 1,
        }
        return element;
    }
    if rank == 0 {
        child.first = match &child.node {
            Node::Leaf(leaf) => leaf.get(0),
            Node::Inner(below) => below[0].first,
        };
    }
    if !join(children, at, gone) && at > 0 {
        join(children, at - 1, gone);
    }
    element
}

/// Joins a child with its right neighbour if both are sparse; whether it did.
fn join(children: &mut Vec<Child>, at: usize, gone: &mut Made) -> bool {
    let [left, right, ..] = &mut children[at..] else { return false };
    let ((ours, max), (theirs, _)) = (left.load(), right.load());
    if (ours + theirs) * JOINED_PARTS.1 > max * JOINED_PARTS.0 {
        return false;
    }
    match (&mut left.node, &mut right.node) {
        (Node::Leaf(into), Node::Leaf(from)) => {
            into.append(from, 0);
            gone.leaves += 1;
        }
        (Node::Inner(into), Node::Inner(from)) => {
            into.append(from);
            gone.inners += 1;
        }
        // All leaves are equally deep.
        _ => return false,
    }
    left.len += right.len;
    children.remove(at + 1);
    true
}

#[cfg(test)]
impl Tree {
    /// Every rule that the nodes have to keep.
    pub(super) fn check(&self) {
        fn walk(node: &Node, depth: usize, leaves: &mut Vec<usize>, inners: &mut usize) -> usize {
            match node {
                Node::Leaf(leaf) => {
                    leaves.push(depth);
                    leaf.len()
                }
                Node::Inner(children) => {
                    *inners += 1;
                    assert!((1..=INNER_MAX).contains(&children.len()));
                    assert!(children.capacity() == INNER_MAX + 1);
                    for child in children {
                        assert_eq!(child.len, walk(&child.node, depth + 1, leaves, inners));
                        assert!(child.len > 0);
                        let first = match &child.node {
                            Node::Leaf(leaf) => leaf.get(0),
                            Node::Inner(below) => below[0].first,
                        };
                        assert_eq!(child.first, first);
                    }
                    children.iter().map(|child| child.len).sum()
                }
            }
        }
        let (mut leaves, mut inners) = (Vec::new(), 0);
        assert_eq!(self.len, walk(&self.root, 0, &mut leaves, &mut inners));
        assert!(leaves.iter().all(|depth| *depth == leaves[0]));
        assert_eq!((self.leaves, self.inners), (leaves.len(), inners));
    }
}
