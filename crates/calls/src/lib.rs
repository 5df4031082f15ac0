//! Requests, calls, strands, ledger, books and the component traits.
