//! The device: what it can do, its pipelines, and what went wrong on it.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    task,
};

use wgpu::{BufferUsages, Features, Limits};

use super::{
    launch::{Launch, Storage},
    pipeline::Pipeline,
};

/// Why the card cannot be used, or can no longer be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    #[error("this machine offers no adapter for WebGPU: {0}")]
    NoAdapter(String),
    #[error("the graphics card gave no device: {0}")]
    NoDevice(String),
    #[error("{what} needs {needed} {unit} at once, but this graphics card takes {most} at most")]
    Limit { what: String, needed: u64, most: u64, unit: &'static str },
    #[error("the graphics card is out of memory: {0}")]
    OutOfMemory(String),
    #[error("the graphics card was lost: {0}")]
    Lost(String),
    #[error("the graphics card refused an instruction: {0}")]
    Refused(String),
}

/// What is known about the adapter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardInfo {
    pub name: String,
    pub vendor: String,
    /// `vulkan`, `metal`, `dx12`, `browser webgpu`.
    pub backend: String,
    /// A processor plays the card.
    pub software: bool,
    /// Half precision in storage.
    pub half: bool,
    pub subgroups: bool,
    pub timestamps: bool,
}

/// Whom to tell that something has come back.
#[cfg(target_arch = "wasm32")]
pub type Waker = Rc<dyn Fn()>;
#[cfg(not(target_arch = "wasm32"))]
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// The first thing that went wrong, noted by the device whenever it notices, and who waits for it.
#[derive(Clone, Debug, Default)]
struct Trouble(Arc<Mutex<(Option<CardError>, Vec<task::Waker>)>>);

impl Trouble {
    fn note(&self, error: CardError) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.0.get_or_insert(error);
        let waiting = std::mem::take(&mut noted.1);
        drop(noted);
        waiting.into_iter().for_each(task::Waker::wake);
    }

    fn get(&self) -> Option<CardError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// Once there is something.
    fn poll(&self, context: &task::Context<'_>) -> task::Poll<CardError> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = noted.0.clone() {
            return task::Poll::Ready(error);
        }
        noted.1.retain(|waiting| !waiting.will_wake(context.waker()));
        noted.1.push(context.waker().clone());
        task::Poll::Pending
    }
}

/// An open device. Everything that runs on it holds an `Rc` of it.
pub struct Card {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub info: CardInfo,
    limits: Limits,
    pipelines: RefCell<HashMap<(&'static str, Storage), Rc<Pipeline>>>,
    trouble: Trouble,
    waker: RefCell<Option<Waker>>,
    /// Bytes of the buffers that were made, those given back included.
    allocated: Cell<u64>,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("info", &self.info).finish_non_exhaustive()
    }
}

impl Card {
    /// The fastest adapter that there is; a software one if there is no other.
    ///
    /// # Errors
    /// [`CardError::NoAdapter`], [`CardError::NoDevice`].
    pub async fn open() -> Result<Rc<Self>, CardError> {
        Self::open_within(u64::MAX).await
    }

    /// As [`Card::open`], but no buffer may have more than `most` bytes: what a smaller card would say.
    ///
    /// # Errors
    /// As [`Card::open`].
    pub async fn open_within(most: u64) -> Result<Rc<Self>, CardError> {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = wgpu::Backends::BROWSER_WEBGPU | wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
        #[cfg(target_arch = "wasm32")]
        super::browser::ask_for_subgroups();
        let instance = wgpu::Instance::new(descriptor);
        let options = wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
        // In a browser the library's words name everything that it was built without.
        let words =
            |e: wgpu::RequestAdapterError| if cfg!(target_arch = "wasm32") { "the browser found none".to_owned() } else { e.to_string() };
        let adapter = instance.request_adapter(&options).await.map_err(|e| CardError::NoAdapter(words(e)))?;
        Self::from_adapter(&adapter, most).await
    }

    async fn from_adapter(adapter: &wgpu::Adapter, most_bytes: u64) -> Result<Rc<Self>, CardError> {
        let (about, offered, most) = (adapter.get_info(), adapter.features(), adapter.limits());
        let required_features = offered & (Features::SHADER_F16 | Features::SUBGROUP | Features::TIMESTAMP_QUERY);
        let required_limits = Limits {
            max_buffer_size: most.max_buffer_size,
            max_storage_buffer_binding_size: most.max_storage_buffer_binding_size,
            ..Limits::default()
        };
        let descriptor = wgpu::DeviceDescriptor { label: Some("kernelscope"), required_features, required_limits, ..Default::default() };
        let (device, queue) = adapter.request_device(&descriptor).await.map_err(|e| CardError::NoDevice(e.to_string()))?;
        #[cfg(target_arch = "wasm32")]
        let subgroups = super::browser::has_subgroups();
        #[cfg(not(target_arch = "wasm32"))]
        let subgroups = required_features.contains(Features::SUBGROUP);
        let trouble = Trouble::default();
        let (lost, refused) = (trouble.clone(), trouble.clone());
        device.set_device_lost_callback(move |reason, message| {
            let why = if message.is_empty() { format!("{reason:?}").to_ascii_lowercase() } else { message };
            lost.note(CardError::Lost(why));
        });
        device.on_uncaptured_error(Arc::new(move |error| refused.note(of(error))));
        let vendor = if about.driver.is_empty() { format!("{:#06x}", about.vendor) } else { about.driver.clone() };
        let info = CardInfo {
            name: if about.name.is_empty() { "adapter without a name".to_owned() } else { about.name.clone() },
            vendor,
            backend: match about.backend {
                wgpu::Backend::BrowserWebGpu => "browser webgpu".to_owned(),
                other => other.to_str().to_owned(),
            },
            software: about.device_type == wgpu::DeviceType::Cpu || is_software(&about),
            half: required_features.contains(Features::SHADER_F16),
            subgroups,
            timestamps: required_features.contains(Features::TIMESTAMP_QUERY),
        };
        Ok(Rc::new(Self {
            limits: Limits { max_buffer_size: device.limits().max_buffer_size.min(most_bytes), ..device.limits() },
            device,
            queue,
            info,
            pipelines: RefCell::default(),
            trouble,
            waker: RefCell::default(),
            allocated: Cell::new(0),
        }))
    }

    /// What went wrong first, if anything has. Nothing that came from the card since is to be trusted.
    pub fn trouble(&self) -> Option<CardError> {
        self.trouble.get()
    }

    /// What goes wrong first, as soon as the device says so: also while nothing runs. Does not keep the card open.
    pub fn troubled(&self) -> impl Future<Output = CardError> + use<> {
        let trouble = self.trouble.clone();
        std::future::poll_fn(move |context| trouble.poll(context))
    }

    /// Called whenever something has come back (in a browser; natively [`Card::poll`] finds out).
    pub fn set_waker(&self, waker: Waker) {
        *self.waker.borrow_mut() = Some(waker);
    }

    pub(super) fn waker(&self) -> Option<Waker> {
        self.waker.borrow().clone()
    }

    /// Lets what has come back be noticed. A browser does that by itself.
    pub fn poll(&self) {
        // A lost device is noted by its callback.
        let _ = self.device.poll(wgpu::PollType::Poll);
    }

    /// Waits until all work is done (natively; a browser's page cannot wait).
    pub fn wait(&self) {
        let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
    }

    /// Gives the device back at once, as if it had been lost.
    pub fn destroy(&self) {
        self.lose();
        self.trouble.note(CardError::Lost("it was given back".to_owned()));
    }

    /// As [`Card::destroy`], but it is for the device to tell, as when a driver takes it away. (Natively it tells
    /// when it is next polled.)
    pub fn lose(&self) {
        self.device.destroy();
    }

    /// Nanoseconds of one tick of the card's clock.
    pub(super) fn tick_ns(&self) -> f64 {
        f64::from(self.queue.get_timestamp_period())
    }

    /// A buffer of so many bytes, rounded up to 16 and at least that; zeros.
    ///
    /// # Errors
    /// [`CardError::Limit`], naming `what`.
    pub(super) fn buffer(&self, what: &str, bytes: usize, usage: BufferUsages) -> Result<wgpu::Buffer, CardError> {
        let size = (bytes.max(1) as u64).next_multiple_of(16);
        let most = if usage.contains(BufferUsages::STORAGE) {
            self.limits.max_buffer_size.min(self.limits.max_storage_buffer_binding_size)
        } else {
            self.limits.max_buffer_size
        };
        if size > most {
            return Err(CardError::Limit { what: what.to_owned(), needed: size, most, unit: "bytes" });
        }
        self.allocated.set(self.allocated.get() + size);
        Ok(self.device.create_buffer(&wgpu::BufferDescriptor { label: Some(what), size, usage, mapped_at_creation: false }))
    }

    /// Bytes of all buffers made so far.
    pub fn allocated(&self) -> u64 {
        self.allocated.get()
    }

    /// The pipeline of a launch, made at its first use.
    ///
    /// # Errors
    /// [`CardError::Limit`] where the launch has more workgroups than the card takes.
    pub(super) fn pipeline(&self, launch: &Launch, storage: Storage) -> Result<Rc<Pipeline>, CardError> {
        let most = self.limits.max_compute_workgroups_per_dimension;
        if let Some(groups) = launch.groups.iter().find(|g| **g > most) {
            let (needed, most) = (u64::from(*groups), u64::from(most));
            return Err(CardError::Limit { what: launch.shader.name.to_owned(), needed, most, unit: "workgroups" });
        }
        let storage = if launch.shader.knows_storage() { storage } else { Storage::F32 };
        let mut made = self.pipelines.borrow_mut();
        let pipeline = made.entry((launch.shader.name, storage)).or_insert_with(|| Rc::new(Pipeline::new(&self.device, launch, storage)));
        Ok(Rc::clone(pipeline))
    }
}

/// Processors that play a card without saying so.
fn is_software(info: &wgpu::AdapterInfo) -> bool {
    let words = format!("{} {}", info.name, info.driver).to_ascii_lowercase();
    ["swiftshader", "llvmpipe", "lavapipe", "warp", "basic render"].iter().any(|w| words.contains(w))
}

pub(super) fn of(error: wgpu::Error) -> CardError {
    match error {
        wgpu::Error::OutOfMemory { source } => CardError::OutOfMemory(source.to_string()),
        wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => CardError::Refused(description),
    }
}
