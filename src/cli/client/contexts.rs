//! The file that remembers where somebody is signed in: `contexts.toml`, readable by them alone.
//!
//! It holds keys. So it is made with mode 0600, replaced as a whole (a reader sees the old one or the new one), and one that
//! others can read is not used: what is in it may have been read.

use super::stop::{Code, Stop};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

/// Everything in the file.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contexts {
    /// The one in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) current: Option<String>,
    /// All of them, by name.
    #[serde(default)]
    pub(super) contexts: BTreeMap<String, Context>,
}

/// Where somebody is signed in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Context {
    /// The gateway's origin.
    pub(super) url: String,
    /// The organization's short name.
    pub(super) organization: String,
    /// Who: a person's name at their provider.
    pub(super) user: String,
    /// The API key.
    pub(super) key: String,
    /// The key's id, when `login` made it: `logout` revokes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key_id: Option<String>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("url", &self.url)
            .field("organization", &self.organization)
            .finish_non_exhaustive()
    }
}

/// The file's place.
#[derive(Debug, Clone)]
pub(super) struct Place(PathBuf);

impl Place {
    /// `$XDG_CONFIG_HOME/castgate/contexts.toml`, which is `~/.config/…` unless somebody says otherwise.
    pub(super) fn of_this_person() -> Result<Self, Stop> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // XDG Base Directory Specification: a relative path is invalid and is ignored.
        let base = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        let base = base.or_else(|| set("HOME").or_else(|| set("USERPROFILE")).map(|home| home.join(".config")));
        let base =
            base.ok_or_else(|| Stop::wrong("neither XDG_CONFIG_HOME nor HOME is set: there is no place for contexts"))?;
        Ok(Self(base.join("castgate").join("contexts.toml")))
    }

    /// What the file holds; nothing when there is none.
    pub(super) fn load(&self) -> Result<Contexts, Stop> {
        let file = match File::open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Contexts::default()),
            Err(error) => return Err(self.failed("cannot be read", &error)),
        };
        self.refuse_public(&file)?;
        let text = std::io::read_to_string(file).map_err(|error| self.failed("cannot be read", &error))?;
        // The parser's message would show the line, and the line may hold a key.
        toml::from_str(&text).map_err(|error: toml::de::Error| self.failed("cannot be understood", &error.message()))
    }

    /// Changes the file. Two commands at once come one after the other.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Contexts) -> Result<T, Stop>) -> Result<T, Stop> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        self.make(folder)?;
        let lock =
            private().open(self.0.with_extension("lock")).map_err(|error| self.failed("cannot be locked", &error))?;
        lock.lock().map_err(|error| self.failed("cannot be locked", &error))?;
        let mut contexts = self.load()?;
        let outcome = change(&mut contexts)?;
        self.replace(folder, &contexts).map_err(|error| self.failed("cannot be written", &error))?;
        Ok(outcome)
    }

    fn make(&self, folder: &Path) -> Result<(), Stop> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| self.failed("has no folder", &error))
    }

    fn replace(&self, folder: &Path, contexts: &Contexts) -> std::io::Result<()> {
        let text = toml::to_string(contexts).map_err(std::io::Error::other)?;
        let new = self.0.with_extension(format!("new-{}", std::process::id()));
        // One that a killed command left behind.
        let _ = fs::remove_file(&new);
        let mut file = private().create_new(true).open(&new)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if let Err(error) = written.and_then(|()| fs::rename(&new, &self.0)) {
            let _ = fs::remove_file(&new);
            return Err(error);
        }
        // The name's new meaning has to be on disk too; where a folder cannot be opened there is nothing to do about it.
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    #[cfg(unix)]
    fn refuse_public(&self, file: &File) -> Result<(), Stop> {
        use std::os::unix::fs::PermissionsExt;
        let mode = file.metadata().map_err(|error| self.failed("cannot be looked at", &error))?.permissions().mode();
        if !OTHERS.iter().any(|bit| mode & bit != 0) {
            return Ok(());
        }
        let path = self.0.display();
        Err(Stop::new(
            Code::Wrong,
            format!(
                "{path} holds keys, and others on this machine can read it (mode {:03o}).\n  Close it with: chmod 600 {path}\n  and \
                 replace its keys if others may have read them.",
                mode & 0o777
            ),
        ))
    }

    #[cfg(not(unix))]
    fn refuse_public(&self, _: &File) -> Result<(), Stop> {
        Ok(())
    }

    fn failed(&self, what: &str, why: &dyn std::fmt::Display) -> Stop {
        Stop::wrong(format!("{} {what}: {why}", self.0.display()))
    }
}

/// What group and world may do with a file.
#[cfg(unix)]
const OTHERS: [u32; 6] = [0o040, 0o020, 0o010, 0o004, 0o002, 0o001];

/// A file for nobody else.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

impl Contexts {
    /// The context of this name, or the one in use.
    pub(super) fn find(&self, name: Option<&str>) -> Result<Option<(&str, &Context)>, Stop> {
        let Some(name) = name.or(self.current.as_deref()) else { return Ok(None) };
        match self.contexts.get_key_value(name) {
            Some((name, context)) => Ok(Some((name, context))),
            None => Err(Stop::new(Code::NotFound, format!("there is no context “{name}”; see castgate context list"))),
        }
    }

    /// Adds one under the organization's name, or under `wanted`, and makes it the one in use. One for the same person at the same
    /// place is replaced; for another place the host comes behind the name.
    pub(super) fn add(&mut self, wanted: Option<&str>, context: Context) -> String {
        let name = match wanted {
            Some(name) => name.to_owned(),
            None => self.free_name(&context),
        };
        self.contexts.insert(name.clone(), context);
        self.current = Some(name.clone());
        name
    }

    fn free_name(&self, context: &Context) -> String {
        let same = |known: &Context| known.url == context.url && known.user == context.user;
        let host = context.url.split_once("://").map_or(context.url.as_str(), |(_, host)| host);
        let candidates = [
            context.organization.clone(),
            format!("{}@{host}", context.organization),
            format!("{}@{host}/{}", context.organization, context.user),
        ];
        let free = |name: &String| self.contexts.get(name).is_none_or(same);
        candidates.iter().find(|name| free(name)).or(candidates.last()).cloned().unwrap_or_default()
    }

    /// Forgets one.
    pub(super) fn remove(&mut self, name: &str) -> Option<Context> {
        if self.current.as_deref() == Some(name) {
            self.current = None;
        }
        self.contexts.remove(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn context(url: &str, user: &str) -> Context {
        let (url, user) = (url.to_owned(), user.to_owned());
        Context { url, organization: "acme".to_owned(), user, key: "cgk_secret".to_owned(), key_id: None }
    }

    fn place() -> (TempDir, Place) {
        let folder = TempDir::new().unwrap();
        let place = Place(folder.path().join("castgate").join("contexts.toml"));
        (folder, place)
    }

    #[test]
    fn what_was_written_is_read_and_nobody_else_can() {
        let (_folder, place) = place();
        assert_eq!(place.load().unwrap(), Contexts::default());
        place.change(|all| Ok(all.add(None, context("https://a.example", "ada")))).unwrap();
        let read = place.load().unwrap();
        assert_eq!(read.current.as_deref(), Some("acme"));
        assert_eq!(read.find(None).unwrap().unwrap().1.key, "cgk_secret");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&place.0), mode(place.0.parent().unwrap())), (0o600, 0o700));
            fs::set_permissions(&place.0, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(format!("{:?}", place.load().unwrap_err()).contains("chmod 600"));
        }
    }

    #[test]
    fn a_file_that_cannot_be_understood_does_not_show_its_keys() {
        let (_folder, place) = place();
        place.change(|all| Ok(all.add(None, context("https://a.example", "ada")))).unwrap();
        let text = fs::read_to_string(&place.0).unwrap();
        fs::write(&place.0, text.replace("key = \"", "key = ")).unwrap();
        let error = format!("{:?}", place.load().unwrap_err());
        assert!(error.contains("cannot be understood") && !error.contains("cgk_secret"), "{error}");
    }

    #[test]
    fn two_at_once_both_stay() {
        let (_folder, place) = place();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let place = &place;
                let add = move |all: &mut Contexts| {
                    Ok(all.add(Some(&format!("c{number}")), context("https://a.example", "ada")))
                };
                scope.spawn(move || place.change(add).unwrap());
            }
        });
        assert_eq!(place.load().unwrap().contexts.len(), 8);
    }

    #[test]
    fn one_organization_at_two_places_has_two_names() {
        let mut all = Contexts::default();
        assert_eq!(all.add(None, context("https://a.example", "ada")), "acme");
        assert_eq!(all.add(None, context("https://a.example", "ada")), "acme");
        assert_eq!(all.add(None, context("https://b.example", "ada")), "acme@b.example");
        assert_eq!(all.add(None, context("https://b.example", "bob")), "acme@b.example/bob");
        assert!(!format!("{all:?}").contains("cgk_secret"));
        assert!(all.remove("acme@b.example/bob").is_some());
        assert_eq!(all.current, None);
    }
}
