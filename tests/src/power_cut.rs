//! A disk whose power can be cut while it is written.
//!
//! An ext4 file system lives in an image on a file system that can clone files (XFS with reflinks). The image holds what
//! the kernel has given to the disk; what is only in the page cache is not in it. A clone of the image at one moment is
//! therefore what a machine would find after losing power at that moment. Not modelled: a disk that reorders or forgets
//! writes inside its own cache (the simulated disk of `testkit` does that).
//!
//! Always true: what was mounted here is unmounted when the value is dropped.
//!
//! Start at [`CutDisk::make`].

use crate::surroundings::run;
use basics::carry_on;
use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of the disk under test.
const DISK_SIZE: &str = "1G";
/// Bytes of the file system that holds its clones; the file is sparse.
const HOST_SIZE: &str = "8G";

/// A mounted file system that is unmounted at the end.
#[derive(Debug)]
struct Mount {
    at: PathBuf,
}

impl Mount {
    fn image(image: &Path, at: PathBuf) -> Result<Mount, String> {
        fs::create_dir_all(&at).map_err(|error| format!("cannot make {}: {error}", at.display()))?;
        run("mount", &["-o", "loop", text(image), text(&at)])?;
        Ok(Mount { at })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        carry_on(run("umount", &["--lazy", text(&self.at)]), "a mount that stays costs a loop device, not a verdict");
    }
}

/// The disk and the file system that can clone it. Fields are dropped in the order in which they must be unmounted.
#[derive(Debug)]
pub struct CutDisk {
    live: Mount,
    host: Mount,
    dir: PathBuf,
}

/// What a machine would find after the cut.
#[derive(Debug)]
pub struct CutImage {
    image: PathBuf,
    mount_point: PathBuf,
}

/// A disk after the cut, mounted.
#[derive(Debug)]
pub struct AfterCut {
    mount: Mount,
}

impl CutDisk {
    /// Makes and mounts an empty disk. `dir` must be empty and stay until the value is dropped.
    pub fn make(dir: &Path) -> Result<CutDisk, String> {
        let host_image = dir.join("host.img");
        run("truncate", &["--size", HOST_SIZE, text(&host_image)])?;
        run("mkfs.xfs", &["-q", "-m", "reflink=1", text(&host_image)])?;
        let host = Mount::image(&host_image, dir.join("host"))?;
        let disk_image = host.at.join("disk.img");
        run("truncate", &["--size", DISK_SIZE, text(&disk_image)])?;
        run("mkfs.ext4", &["-q", text(&disk_image)])?;
        let live = Mount::image(&disk_image, dir.join("live"))?;
        Ok(CutDisk { live, host, dir: dir.to_owned() })
    }

    /// Where the disk is mounted.
    pub fn live(&self) -> &Path {
        &self.live.at
    }

    /// Cuts the power: keeps what is on the disk at this moment. The live disk goes on.
    pub fn cut(&self, name: &str) -> Result<CutImage, String> {
        let image = self.host.at.join(format!("{name}.img"));
        run("cp", &["--reflink=always", text(&self.host.at.join("disk.img")), text(&image)])?;
        Ok(CutImage { image, mount_point: self.dir.join(name) })
    }
}

impl CutImage {
    /// Mounts the disk after the cut; its file system repairs itself as it would after a loss of power.
    pub fn mount(self) -> Result<AfterCut, String> {
        Ok(AfterCut { mount: Mount::image(&self.image, self.mount_point)? })
    }
}

impl AfterCut {
    /// Where the disk is mounted.
    pub fn path(&self) -> &Path {
        &self.mount.at
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("test directories have names in UTF-8")
}
