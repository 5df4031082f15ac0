//! Files of data beside a scenario: each is read once, whatever is built of it, and known by what was in it.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A file of data that was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataFile {
    /// As the scenario names it.
    pub name: String,
    /// A fingerprint of all its bytes: FNV-1a with 64 bits.
    pub hash: u64,
}

/// What is known of files of data, shared by all that is built of a scenario.
#[derive(Clone, Default)]
pub(crate) struct DataFiles {
    read: Arc<Mutex<BTreeMap<PathBuf, DataFile>>>,
    made: Arc<Mutex<BTreeMap<String, Made>>>,
}

/// Something that was made of a file.
type Made = Arc<dyn Any + Send + Sync>;

impl std::fmt::Debug for DataFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DataFiles").field(&self.list()).finish()
    }
}

impl DataFiles {
    /// Returns the files that were read, by name.
    pub fn list(&self) -> Vec<DataFile> {
        let mut list: Vec<DataFile> =
            self.read.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        list.sort();
        list
    }

    /// Returns where they are.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Notes what was in a file; returns whether that is what was in it before.
    pub fn note(&self, path: &Path, name: &str, hash: u64) -> bool {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let file = DataFile { name: name.to_string(), hash };
        read.entry(path.to_path_buf()).or_insert(file).hash == hash
    }

    /// Returns what is made of files under a key, which says all it depends on; makes it the first time.
    ///
    /// Others who want anything wait meanwhile: a file is never read twice at once.
    ///
    /// # Panics
    /// If things of two types are made under one key.
    pub fn once<T: Clone + Send + Sync + 'static, E>(
        &self,
        key: String,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let mut known = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = known.get(&key) {
            return Ok(made.downcast_ref::<T>().expect("a key stands for one type").clone());
        }
        let made = make()?;
        known.insert(key, Arc::new(made.clone()));
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_once_is_shared_and_faults_are_not_kept() {
        let files = DataFiles::default();
        let refused: Result<Arc<[u8]>, &str> = files.once("a".to_string(), || Err("broken"));
        assert_eq!(refused, Err("broken"));
        let first: Result<Arc<[u8]>, ()> = files.once("a".to_string(), || Ok([1, 2].into()));
        let again: Result<Arc<[u8]>, ()> = files.clone().once("a".to_string(), || panic!("made twice"));
        assert!(Arc::ptr_eq(&first.unwrap(), &again.unwrap()));
    }

    #[test]
    fn a_file_that_changes_is_noticed() {
        let files = DataFiles::default();
        let path = Path::new("x/a.csv");
        assert!(files.note(path, "a.csv", 1) && files.note(path, "a.csv", 1));
        assert!(!files.note(path, "a.csv", 2));
        assert_eq!(files.list(), [DataFile { name: "a.csv".to_string(), hash: 1 }]);
    }
}
