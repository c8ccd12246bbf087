//! The records of one signal: recent ones in a head, all others in parts, and never one in both or in neither.
//!
//! A seal turns the head into parts. It freezes the head at one position of the write-ahead log, over all tenants and
//! days, and a new head takes what comes; the frozen one is searched until its parts take its place. Parts and position
//! become true in one record of the manifest: a replay begins where the last seal ended.
//!
//! Always true:
//! - a [`StoreSnapshot`] is taken under one lock, so it holds each record once, whatever is sealed meanwhile;
//! - a part that a snapshot holds stays readable until the last snapshot of it is gone; then its files go;
//! - what the manifest names is on the disk, synced, before the manifest says so; what it does not name is removed at
//!   the next start;
//! - a record that was deleted is in no snapshot taken afterwards, in the head or in a part, and for good.
//!
//! Seals and forgets wait for each other. A merge writes beside them, and takes its turn only to begin and to commit: so
//! a seal waits for a commit of it at most. What a merge reads may be gone or in quarantine when it is done; then its
//! work is thrown away.
//!
//! Start at [`PartStore::freeze`] and [`PartStore::seal`]; then [`PartStore::merge`], [`PartStore::forget`] and
//! [`PartStore::hide`].

mod backup;
mod check;
mod error;
mod forget;
mod hide;
mod live_part;
mod merge;
mod read_ahead;
mod rebuild;
mod removal;
mod tombstone_file;

pub use backup::StoreBackup;
pub use check::StoreCheck;
pub use error::StoreError;
pub use forget::ForgetReport;
pub use hide::DeletedRecords;
pub use live_part::LivePart;
pub use merge::{MergeOutcome, MergeReport};
pub use rebuild::RebuildReport;

use crate::batch::Batch;
use crate::head::{Head, HeadSnapshot, HeadStats};
use crate::hidden::HiddenSequences;
use crate::layout::Layout;
use crate::manifest::{Edit, Manifest, ManifestState, PartEntry, PartFile, PartId};
use crate::part::{
    Keeper, PART_FORMAT_VERSION, PART_READER_VERSION, PartError, PartFiles, PartSettings, WrittenPart, write_part,
};
use crate::retention::{DaysLeft, RetainedPart, RetentionSettings, days_left};
use basics::{Disk, Reservation, TenantId, Timestamp, carry_on};
use model::TimeRange;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The records of one signal.
pub struct PartStore {
    layout: Arc<Layout>,
    settings: PartSettings,
    view: RwLock<View>,
    /// `None` when the store keeps all in memory.
    durable: Option<Mutex<Durable>>,
    has_seal_failed: AtomicBool,
    /// The disk and the directory, for questions that wait for nobody.
    place: Option<(Arc<dyn Disk>, PathBuf)>,
}

/// What readers see. Changed whole, under the lock.
struct View {
    active: Arc<Head>,
    frozen: Option<Frozen>,
    parts: BTreeMap<TenantId, Arc<Vec<Arc<LivePart>>>>,
    /// The records that were deleted, of each tenant that has some.
    hidden: BTreeMap<TenantId, Arc<HiddenSequences>>,
    /// What the manifest says.
    state: Arc<ManifestState>,
}

/// A head that takes nothing any more.
#[derive(Clone)]
struct Frozen {
    head: Arc<Head>,
    /// The position of the write-ahead log behind the last record in it.
    next: u64,
}

/// The disk's side, in the hands of whoever works on parts.
struct Durable {
    disk: Arc<dyn Disk>,
    parts_dir: PathBuf,
    tombstones_dir: PathBuf,
    manifest: Manifest,
    next_part_id: u64,
    keeper: Arc<Keeper>,
    /// Inputs of merges that are under way.
    being_merged: BTreeSet<PartId>,
}

/// The records of one tenant at one moment.
#[derive(Debug, Clone, Default)]
pub struct StoreSnapshot {
    active: HeadSnapshot,
    frozen: Option<HeadSnapshot>,
    parts: Arc<Vec<Arc<LivePart>>>,
    hidden: Arc<HiddenSequences>,
    quarantined: Vec<Arc<PartEntry>>,
}

/// What a seal did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SealReport {
    /// Records that are in parts now.
    pub records: u64,
    /// Parts that were made.
    pub parts: u64,
    /// Bytes of their files.
    pub file_bytes: u64,
    /// Everything before this position of the write-ahead log is in parts.
    pub sealed: u64,
    /// All of them are the process's own: to report on these would make another one.
    pub is_only_own: bool,
}

/// What a store has on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PartStats {
    /// Parts, those in quarantine included.
    pub parts: u64,
    /// Records in them.
    pub records: u64,
    /// Bytes of their files.
    pub file_bytes: u64,
    /// Parts in quarantine.
    pub quarantined: u64,
    /// Parts whose index was found damaged by a reader: answers about them take longer.
    pub damaged_indexes: u64,
    /// Records that were deleted and may still be in parts or in memory.
    pub hidden_records: u64,
}

pub(crate) const PARTS_DIR: &str = "parts";
const TOMBSTONES_DIR: &str = "tombstones";
const NANOS_PER_DAY: i64 = 86_400_000_000_000;
/// What a file is, in the manifest.
pub(crate) const RECORDS_KIND: u8 = 1;
pub(crate) const INDEX_KIND: u8 = 2;

impl std::fmt::Debug for PartStore {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PartStore").field("head", &self.head_stats()).field("parts", &self.part_stats()).finish()
    }
}

impl PartStore {
    /// A store without a disk: all of it is one head, which is never sealed.
    pub fn in_memory(layout: Layout) -> PartStore {
        PartStore::with(layout, PartSettings::SEALED)
    }

    /// Opens the store of a directory, and creates it when there is none. What no manifest names is removed.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        layout: Layout,
        settings: PartSettings,
    ) -> Result<PartStore, StoreError> {
        let (manifest, state) = Manifest::open(disk.clone(), dir)?;
        let parts_dir = dir.join(PARTS_DIR);
        disk.create_dir_all(&parts_dir).map_err(StoreError::disk("create", &parts_dir))?;
        refuse_later_parts(&parts_dir, &state)?;
        remove_unnamed(&*disk, &parts_dir, &state)?;
        let tombstones_dir = hide::dir_of(dir);
        hide::prepare_dir(&*disk, &tombstones_dir, &state)?;
        disk.sync_dir(dir).map_err(StoreError::disk("sync", dir))?;
        let hidden = hide::read_hidden(&*disk, &tombstones_dir, &state)?;
        let next_part_id = state.next_part_id();
        let keeper = Arc::new(Keeper::new(settings.kept_bytes));
        let durable =
            Durable { disk, parts_dir, tombstones_dir, manifest, next_part_id, keeper, being_merged: BTreeSet::new() };
        let mut store = PartStore::with(layout, settings);
        let view = store.view.get_mut().unwrap_or_else(PoisonError::into_inner);
        for entry in state.parts().filter(|entry| state.quarantine_of(entry.id).is_none()) {
            view.add(durable.live(entry.clone(), &store.layout));
        }
        view.hidden = hidden;
        view.state = state;
        store.place = Some((durable.disk.clone(), dir.to_path_buf()));
        store.durable = Some(Mutex::new(durable));
        Ok(store)
    }

    fn with(layout: Layout, settings: PartSettings) -> PartStore {
        let layout = Arc::new(layout);
        let active = Arc::new(Head::new(layout.clone()));
        let view =
            View { active, frozen: None, parts: BTreeMap::new(), hidden: BTreeMap::new(), state: Arc::default() };
        let has_seal_failed = AtomicBool::new(false);
        PartStore { layout, settings, view: RwLock::new(view), durable: None, has_seal_failed, place: None }
    }

    /// The layout of its records.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Where a replay of the write-ahead log begins: everything before this position is in parts.
    pub fn sealed(&self) -> u64 {
        self.state().sealed()
    }

    /// The lowest position of the write-ahead log that was certainly never given to a record of this store: everything
    /// before [`PartStore::sealed`] is in parts, and tombstones know records of later positions.
    pub fn reached(&self) -> u64 {
        reached(&self.state())
    }

    /// How many records of each tenant are in parts or went with them.
    pub fn ledger_bases(&self) -> Vec<(TenantId, u64)> {
        self.state().ledger_bases().collect()
    }

    /// What the manifest says. Nobody who asks waits for a seal.
    fn state(&self) -> Arc<ManifestState> {
        self.view().state.clone()
    }

    /// Adds a batch; it is in every snapshot taken after the return. One thread at a time appends or freezes.
    pub fn append(&self, tenant: TenantId, batch: Batch, reservation: Option<Reservation>) {
        let active = self.view().active.clone();
        active.append(tenant, batch, reservation);
    }

    /// What a tenant has at this moment.
    pub fn snapshot(&self, tenant: TenantId) -> StoreSnapshot {
        let view = self.view();
        StoreSnapshot {
            active: view.active.snapshot(tenant),
            frozen: view.frozen.as_ref().map(|frozen| frozen.head.snapshot(tenant)),
            parts: view.parts.get(&tenant).cloned().unwrap_or_default(),
            hidden: view.hidden.get(&tenant).cloned().unwrap_or_default(),
            quarantined: view.quarantined(tenant),
        }
    }

    /// What the store holds in memory, over all tenants.
    pub fn head_stats(&self) -> HeadStats {
        let view = self.view();
        let frozen = view.frozen.as_ref().map(|frozen| frozen.head.stats()).unwrap_or_default();
        view.active.stats().and(frozen)
    }

    /// What the next seal would turn into parts.
    pub fn active_stats(&self) -> HeadStats {
        self.view().active.stats()
    }

    /// What the store has on disk.
    pub fn part_stats(&self) -> PartStats {
        let state = self.state();
        PartStats {
            parts: state.parts().len() as u64,
            records: state.records(),
            file_bytes: state.parts().map(|entry| entry.file_bytes()).sum(),
            quarantined: state.quarantined().len() as u64,
            hidden_records: hide::hidden_records(&state),
            damaged_indexes: self.damaged_indexes().len() as u64,
        }
    }

    /// How long the room lasts at the present rate; `None` when the store keeps all in memory, or the disk does not say how
    /// much it has.
    pub fn days_left(&self, settings: RetentionSettings, now: Timestamp) -> Option<DaysLeft> {
        let (disk, dir) = self.place.as_ref()?;
        let free_bytes = carry_on(disk.free_bytes(dir), "whoever asks is told that nobody knows")?;
        let state = self.state();
        let parts: Vec<RetainedPart> = state.parts().map(|part| RetainedPart::from(&**part)).collect();
        Some(days_left(&parts, settings, free_bytes, now))
    }

    /// Ends the head at a position of the write-ahead log: it holds all records before `next`, and none behind. Those to
    /// come go into a new head. False when there is nothing to seal, or the last one is not sealed yet.
    pub fn freeze(&self, next: u64) -> bool {
        if self.durable.is_none() {
            return false;
        }
        let mut view = self.view_mut();
        if view.frozen.is_some() || view.active.stats().records == 0 {
            return false;
        }
        let head = std::mem::replace(&mut view.active, Arc::new(Head::new(self.layout.clone())));
        view.frozen = Some(Frozen { head, next });
        true
    }

    /// True when a frozen head waits to be sealed.
    pub fn is_frozen(&self) -> bool {
        self.view().frozen.is_some()
    }

    /// True when a frozen head is being sealed or is about to be; false when the last try failed.
    pub fn is_sealing(&self) -> bool {
        self.is_frozen() && !self.has_seal_failed.load(Ordering::Relaxed)
    }

    /// Turns the frozen head into parts. `None` when there is none. After an error all is as before, and another try may
    /// succeed.
    pub fn seal(&self) -> Result<Option<SealReport>, StoreError> {
        let Some(durable) = &self.durable else { return Ok(None) };
        let mut durable = lock(durable);
        let Some(frozen) = self.view().frozen.clone() else { return Ok(None) };
        let mut made = Vec::new();
        let sealed = self.write_parts(&mut durable, &frozen, &mut made);
        let sealed = sealed.and_then(|edits| durable.manifest.commit(&edits).map_err(StoreError::from));
        self.has_seal_failed.store(sealed.is_err(), Ordering::Relaxed);
        if let Err(error) = sealed {
            // In doubt, the parts may be named after a restart: they stay, and the next start knows what they are.
            if !durable.manifest.is_in_doubt() {
                made.iter().for_each(|(entry, _)| durable.remove(entry.id));
            }
            return Err(error);
        }
        let report = SealReport {
            records: made.iter().map(|(entry, _)| entry.records).sum(),
            parts: made.len() as u64,
            file_bytes: made.iter().map(|(entry, _)| entry.file_bytes()).sum(),
            sealed: frozen.next,
            is_only_own: made.iter().all(|(entry, _)| entry.tenant == TenantId::SELF),
        };
        let mut view = self.view_mut();
        made.into_iter().for_each(|(_, part)| view.add(part));
        view.state = durable.manifest.state().clone();
        view.frozen = None;
        Ok(Some(report))
    }

    /// Puts the parts aside that readers found damaged: they are not read any more, and their files are kept. Says which,
    /// and why.
    pub fn quarantine_damaged(&self) -> Vec<Result<(PartId, String), StoreError>> {
        let damaged: Vec<(PartId, String)> = {
            let view = self.view();
            let parts = view.parts.values().flat_map(|parts| parts.iter());
            parts.filter_map(|part| Some((part.id(), part.damage()?.to_owned()))).collect()
        };
        damaged.into_iter().map(|(part, reason)| self.quarantine(part, &reason).map(|()| (part, reason))).collect()
    }

    /// The parts whose index readers found damaged where answers can do without it, and how.
    pub fn damaged_indexes(&self) -> Vec<(PartId, String)> {
        let view = self.view();
        let parts = view.parts.values().flat_map(|parts| parts.iter());
        parts.filter_map(|part| Some((part.id(), part.part().index_damage()?.to_owned()))).collect()
    }

    fn quarantine(&self, part: PartId, reason: &str) -> Result<(), StoreError> {
        let Some(durable) = &self.durable else { return Ok(()) };
        let mut durable = lock(durable);
        durable.manifest.commit(&[Edit::quarantine(part, reason)])?;
        let mut view = self.view_mut();
        let taken = view.take(&BTreeSet::from([part]));
        view.state = durable.manifest.state().clone();
        drop(view);
        drop(durable);
        drop(taken);
        Ok(())
    }

    /// Writes a part for each tenant and day, and says what the manifest is to be told.
    fn write_parts(
        &self,
        durable: &mut Durable,
        frozen: &Frozen,
        made: &mut Vec<(Arc<PartEntry>, Arc<LivePart>)>,
    ) -> Result<Vec<Edit>, StoreError> {
        let mut edits = Vec::new();
        for (tenant, head) in frozen.head.snapshots() {
            let mut stored = durable.manifest.state().ledger_base(tenant);
            for day in days(head.batches()) {
                let id = durable.new_part_id();
                let dir = durable.dir_of(id);
                let batches: Vec<Arc<Batch>> =
                    head.batches().iter().filter(|batch| meets(batch.time_range(), day_range(day))).cloned().collect();
                let written = write_part(&*durable.disk, &dir, &self.layout, &batches, day_range(day), &self.settings);
                let written = match written {
                    Ok(Some(written)) => written,
                    Ok(None) => continue,
                    Err(error) => {
                        durable.remove(id);
                        return Err(error.into());
                    }
                };
                stored += written.records;
                let entry = Arc::new(entry_of(id, tenant, day, &written));
                made.push((entry.clone(), durable.live(entry.clone(), &self.layout)));
                edits.push(Edit::AddPart((*entry).clone()));
            }
            edits.push(Edit::LedgerBase { tenant, stored });
        }
        let parts_dir = &durable.parts_dir;
        durable.disk.sync_dir(parts_dir).map_err(StoreError::disk("sync", parts_dir))?;
        edits.push(Edit::Sealed(frozen.next));
        Ok(edits)
    }

    fn view(&self) -> RwLockReadGuard<'_, View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever works on parts comes here with [`Durable`] in hand, so that all see one order of things.
    fn view_mut(&self) -> RwLockWriteGuard<'_, View> {
        self.view.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View {
    fn add(&mut self, part: Arc<LivePart>) {
        Arc::make_mut(self.parts.entry(part.entry().tenant).or_default()).push(part);
    }

    /// What is missing of a tenant's records until somebody brings it back.
    fn quarantined(&self, tenant: TenantId) -> Vec<Arc<PartEntry>> {
        let entries = self.state.quarantined().filter_map(|(id, _)| self.state.part(id));
        entries.filter(|entry| entry.tenant == tenant).cloned().collect()
    }

    /// Takes parts out. The caller lets go of them when it holds no lock: with the last holder files may go.
    #[must_use]
    fn take(&mut self, ids: &BTreeSet<PartId>) -> Vec<Arc<LivePart>> {
        let mut taken = Vec::new();
        for parts in self.parts.values_mut() {
            if parts.iter().any(|part| ids.contains(&part.id())) {
                let (gone, kept) = parts.iter().cloned().partition(|part| ids.contains(&part.id()));
                *parts = Arc::new(kept);
                taken.extend::<Vec<Arc<LivePart>>>(gone);
            }
        }
        taken
    }
}

impl StoreSnapshot {
    /// The batches in memory, oldest arrival first. Their times may overlap.
    pub fn batches(&self) -> impl Iterator<Item = &Arc<Batch>> {
        let frozen = self.frozen.iter().flat_map(HeadSnapshot::batches);
        frozen.chain(self.active.batches())
    }

    /// The parts, in no order that matters. Their times may overlap.
    pub fn parts(&self) -> &[Arc<LivePart>] {
        &self.parts
    }

    /// The records that were deleted. They may be in batches and parts, and belong into no answer.
    pub fn hidden(&self) -> &Arc<HiddenSequences> {
        &self.hidden
    }

    /// The parts in quarantine: their records are missing, which an answer that might hold some has to say.
    pub fn quarantined(&self) -> &[Arc<PartEntry>] {
        &self.quarantined
    }
}

impl Durable {
    fn new_part_id(&mut self) -> PartId {
        self.next_part_id += 1;
        PartId(self.next_part_id - 1)
    }

    fn dir_of(&self, id: PartId) -> PathBuf {
        self.parts_dir.join(dir_name(id))
    }

    fn live(&self, entry: Arc<PartEntry>, layout: &Arc<Layout>) -> Arc<LivePart> {
        let dir = self.dir_of(entry.id);
        Arc::new(LivePart::new(self.disk.clone(), dir, layout.clone(), entry, self.keeper.clone()))
    }

    /// Removes what was written of a part that did not come to be.
    fn remove(&self, id: PartId) {
        carry_on(self.disk.remove_dir_all(&self.dir_of(id)), "the next start removes what no manifest names");
    }
}

/// Parts of a later program may hold what this one would read wrongly.
fn refuse_later_parts(parts_dir: &Path, state: &ManifestState) -> Result<(), StoreError> {
    match state.parts().find(|entry| entry.min_reader > PART_READER_VERSION) {
        None => Ok(()),
        Some(entry) => {
            let (found, known) = (entry.min_reader, PART_READER_VERSION);
            Err(PartError::Version { path: parts_dir.join(dir_name(entry.id)), found, known }.into())
        }
    }
}

/// Removes directories of parts that were never finished, or whose removal was.
fn remove_unnamed(disk: &dyn Disk, parts_dir: &Path, state: &ManifestState) -> Result<(), StoreError> {
    let named: BTreeSet<String> = state.parts().map(|entry| dir_name(entry.id)).collect();
    let found = disk.list(parts_dir).map_err(StoreError::disk("list", parts_dir))?;
    for entry in found.into_iter().filter(|entry| entry.is_dir && !named.contains(&entry.name)) {
        let path = parts_dir.join(entry.name);
        disk.remove_dir_all(&path).map_err(StoreError::disk("remove", &path))?;
    }
    Ok(())
}

pub(crate) fn dir_name(id: PartId) -> String {
    format!("{:016x}", id.0)
}

fn entry_of(id: PartId, tenant: TenantId, day: i32, written: &WrittenPart) -> PartEntry {
    let WrittenPart { records, text_bytes, times, sequences, groups, files } = written;
    let PartFiles { records: records_file, index } = files;
    let file = |kind, facts: &crate::part::FileFacts| PartFile { kind, bytes: facts.bytes, crc: facts.tail_crc32c };
    PartEntry {
        id,
        tenant,
        day,
        time_min: times.start,
        time_max: Timestamp(times.end.0 - 1),
        sequence_min: sequences.start,
        sequence_max: sequences.end - 1,
        records: *records,
        raw_bytes: *text_bytes,
        row_groups: *groups,
        format_version: PART_FORMAT_VERSION,
        min_reader: PART_READER_VERSION,
        files: vec![file(RECORDS_KIND, records_file), file(INDEX_KIND, index)],
    }
}

/// See [`PartStore::reached`].
fn reached(state: &ManifestState) -> u64 {
    let hidden = state.tombstones().filter_map(|tombstone| tombstone.file).map(|file| file.settled_at);
    hidden.chain([state.sealed()]).max().unwrap_or(0)
}

/// The days that some records may be of.
fn days(batches: &[Arc<Batch>]) -> BTreeSet<i32> {
    let range = |batch: &Arc<Batch>| {
        let range = batch.time_range();
        day_of(range.start.0)..=day_of(range.end.0.saturating_sub(1))
    };
    batches.iter().flat_map(range).collect()
}

fn day_of(nanos: i64) -> i32 {
    i32::try_from(nanos.div_euclid(NANOS_PER_DAY)).expect("64 bits of nanoseconds are some 100,000 days")
}

fn day_range(day: i32) -> TimeRange {
    let start = i64::from(day).saturating_mul(NANOS_PER_DAY);
    TimeRange { start: Timestamp(start), end: Timestamp(start.saturating_add(NANOS_PER_DAY)) }
}

fn meets(left: TimeRange, right: TimeRange) -> bool {
    !left.intersect(right).is_empty()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
