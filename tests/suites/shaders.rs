//! Every shader that the engine has: that it is valid, keeps to the limits that every card offers, and
//! says the same of its buffers as the launches that run it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use engine::{
    Augment, Graph, LossSpec, Mode, NodeId, OptimizerSpec, Shape, Treatment, Update, UpdateSpec,
    backend::gpu::{
        gather,
        launch::{GROUPS_LIMIT, Launch, Launches, SUM_INTO, Shader, Site, Slot, Storage, Word},
    },
    loss::{Given, LossPlace},
    ops::{KINDS, LayerSpec, Others, Placement},
    optim,
    presets::PRESETS,
};
use naga::{AddressSpace, Module, ScalarKind, ShaderStage, StorageAccess, TypeInner, valid::Capabilities};

/// WebGPU's defaults: what a shader may ask of any card.
const INVOCATIONS_LIMIT: u32 = 256;
const WORKGROUP_BYTES_LIMIT: u32 = 16 << 10;
const STORAGE_BUFFERS_LIMIT: usize = 8;

pub fn shaders() -> Vec<&'static Shader> {
    let ops = KINDS.iter().flat_map(|k| k.shaders());
    let optimizers = OptimizerSpec::all().into_iter().flat_map(|o| o.kernel().shaders());
    let losses = LossSpec::all().into_iter().flat_map(|l| l.shaders());
    let mut all: Vec<&Shader> =
        ops.chain(optimizers).chain(optim::SHADERS).chain(gather::SHADERS).copied().chain([&SUM_INTO]).chain(losses).collect();
    // Losses share some.
    let mut seen = HashSet::new();
    all.retain(|s| seen.insert(s.name));
    all
}

/// The forms in which a shader is compiled.
fn forms(shader: &Shader) -> Vec<Storage> {
    if shader.knows_storage() { vec![Storage::F32, Storage::F16] } else { vec![Storage::F32] }
}

fn parsed(shader: &Shader, storage: Storage) -> Module {
    let text = shader.text(storage);
    naga::front::wgsl::parse_str(&text).unwrap_or_else(|e| panic!("{} as {storage:?}: {}", shader.name, e.emit_to_string(&text)))
}

/// Name and type of each field of a structure.
fn fields(module: &Module, inner: &TypeInner) -> Vec<(String, String)> {
    let TypeInner::Struct { members, .. } = inner else { panic!("{inner:?} is no structure") };
    let written = |m: &naga::StructMember| format!("{:?} at {}", module.types[m.ty].inner, m.offset);
    members.iter().map(|m| (m.name.clone().unwrap_or_default(), written(m))).collect()
}

/// A variable that is bound: its group and number, where it lies, its name and its type.
struct Binding<'a> {
    place: (u32, u32),
    space: AddressSpace,
    name: &'a str,
    inner: &'a TypeInner,
}

fn bindings(module: &Module) -> Vec<Binding<'_>> {
    let bound = module.global_variables.iter().filter_map(|(_, v)| {
        let place = v.binding.as_ref().map(|b| (b.group, b.binding))?;
        Some(Binding { place, space: v.space, name: v.name.as_deref().unwrap_or_default(), inner: &module.types[v.ty].inner })
    });
    let mut bound: Vec<Binding<'_>> = bound.collect();
    bound.sort_by_key(|b| b.place);
    bound
}

/// Kind and bytes of the numbers of an array, also where it is one of vectors.
fn element(module: &Module, binding: &Binding<'_>) -> Option<(ScalarKind, u8)> {
    let TypeInner::Array { base, size: naga::ArraySize::Dynamic, .. } = binding.inner else { return None };
    match module.types[*base].inner {
        TypeInner::Scalar(s) | TypeInner::Vector { scalar: s, .. } => Some((s.kind, s.width)),
        _ => None,
    }
}

#[test]
fn shaders_are_valid() {
    for shader in shaders() {
        let subgroups = shader.source.contains("subgroup_") || ["subgroupAdd(", "quadSwap"].iter().any(|f| shader.source.contains(f));
        assert_eq!(shader.source.contains("enable subgroups;\n"), subgroups, "{}: browsers want subgroups to be enabled", shader.name);
        for storage in forms(shader) {
            let module = parsed(shader, storage);
            let mut capabilities = Capabilities::empty();
            capabilities.set(Capabilities::SHADER_FLOAT16, storage == Storage::F16);
            capabilities.set(Capabilities::SUBGROUP, subgroups);
            let valid = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), capabilities).validate(&module);
            valid.unwrap_or_else(|e| panic!("{} as {storage:?}: {}", shader.name, e.emit_to_string(&shader.text(storage))));
        }
    }
}

#[test]
fn shaders_keep_to_the_limits() {
    for shader in shaders() {
        let name = shader.name;
        let module = parsed(shader, Storage::F32);
        let [main] = &module.entry_points[..] else { panic!("{name}: {} entry points", module.entry_points.len()) };
        assert_eq!((main.name.as_str(), main.stage), ("main", ShaderStage::Compute), "{name}");
        let size = main.workgroup_size;
        assert!(size.iter().product::<u32>() <= INVOCATIONS_LIMIT && size[2] <= 64, "{name}: workgroups of {size:?}");

        let mut layouter = naga::proc::Layouter::default();
        layouter.update(module.to_ctx()).unwrap();
        let shared = module.global_variables.iter().filter(|(_, v)| v.space == AddressSpace::WorkGroup);
        let bytes: u32 = shared.map(|(_, v)| layouter[v.ty].size.next_multiple_of(16)).sum();
        assert!(bytes <= WORKGROUP_BYTES_LIMIT, "{name}: {bytes} bytes of workgroup memory");
        let buffers = bindings(&module).iter().filter(|b| matches!(b.space, AddressSpace::Storage { .. })).count();
        assert!(buffers <= STORAGE_BUFFERS_LIMIT, "{name}: {buffers} storage buffers");
    }
}

#[test]
fn what_changes_from_step_to_step_is_the_same_everywhere() {
    let documented = include_str!("../../crates/engine/src/backend/gpu/launch.rs");
    let block = documented.split("//! ```wgsl\n").nth(1).and_then(|rest| rest.split("//! ```").next()).unwrap();
    let text = block.replace("//! ", "");
    let module = naga::front::wgsl::parse_str(&text).unwrap();
    let documented = fields(&module, &module.types.iter().next_back().unwrap().1.inner);
    assert!(documented.iter().any(|(name, _)| name == "count"), "{text}");

    let mut readers = 0;
    for shader in shaders() {
        let module = parsed(shader, Storage::F32);
        let beyond: Vec<_> = bindings(&module).into_iter().filter(|b| b.place.0 > 0).collect();
        assert_eq!(!beyond.is_empty(), shader.reads_now(), "{}: `now` and nothing else stands in group 1", shader.name);
        for b in beyond {
            assert_eq!((b.place, b.space, b.name), ((1, 0), AddressSpace::Uniform, "now"), "{}", shader.name);
            assert_eq!(fields(&module, b.inner), documented, "{}: another `Now` than launch.rs says", shader.name);
            assert!(shader.source.contains(&text), "{}: `Now` is not written as in launch.rs", shader.name);
            readers += 1;
        }
    }
    assert!(readers > 0);
}

/// The variable that holds a slot, and the numbers in it; `None` for those of the plan's storage.
fn variable(slot: Slot) -> (&'static [&'static str], Option<ScalarKind>) {
    let (float, whole) = (Some(ScalarKind::Float), Some(ScalarKind::Uint));
    match slot {
        Slot::Input => (&["input"], None),
        // One file may serve every input of a join.
        Slot::Side(_) => (&["side", "input"], None),
        Slot::DSide(_) => (&["d_side", "d_input"], float),
        Slot::Sum(_) => (&["sum"], float),
        Slot::Output => (&["output"], None),
        Slot::DOutput => (&["d_output"], float),
        Slot::DInput => (&["d_input"], float),
        Slot::Params => (&["params"], float),
        Slot::Grads => (&["grads"], float),
        Slot::State => (&["state"], float),
        Slot::Saved => (&["saved"], float),
        Slot::Scratch => (&["scratch"], float),
        Slot::OptimizerState => (&["optimizer_state"], float),
        Slot::Labels => (&["labels"], whole),
        Slot::Results => (&["results"], whole),
        Slot::Pixels => (&["pixels"], whole),
        Slot::Classes => (&["classes"], whole),
        Slot::Order => (&["order"], whole),
        Slot::Draws => (&["draws"], float),
        Slot::Quantiles => (&["quantiles"], float),
        // Straight to the changes where nothing is blurred.
        Slot::Sampled => (&["sharp", "staged"], float),
        Slot::Staged => (&["staged"], float),
        Slot::Targets => (&["targets"], float),
        Slot::ClassWeights => (&["class_weights"], float),
        Slot::Losses => (&["losses"], float),
        Slot::Answers => (&["answers"], whole),
        Slot::Rates => (&["rates"], whole),
    }
}

/// The type of a number of a launch's dims, as [`fields`] puts it.
fn written(word: Word, index: usize) -> String {
    let kind = match word {
        Word::U32(_) => ScalarKind::Uint,
        Word::I32(_) => ScalarKind::Sint,
        Word::F32(_) => ScalarKind::Float,
    };
    format!("{:?} at {}", TypeInner::Scalar(naga::Scalar { kind, width: 4 }), 4 * index)
}

/// Shaders by name, parsed once: both forms, the second where there is one.
struct Library(HashMap<&'static str, (Module, Option<Module>)>);

impl Library {
    fn new() -> Self {
        let both = |s: &'static Shader| (parsed(s, Storage::F32), s.knows_storage().then(|| parsed(s, Storage::F16)));
        Self(shaders().into_iter().map(|s| (s.name, both(s))).collect())
    }

    /// The launch says of its shader what the shader says of itself.
    fn check(&self, what: &str, launch: &Launch) {
        let what = format!("{what}: {}", launch.shader.name);
        let Some((single, half)) = self.0.get(launch.shader.name) else { panic!("{what} is not in the list") };
        self.check_form(&what, launch, single, 4);
        if let Some(half) = half {
            self.check_form(&what, launch, half, 2);
        }
        assert!(launch.groups.iter().all(|&n| (1..=GROUPS_LIMIT).contains(&n)), "{what}: {:?} workgroups", launch.groups);
        let slots: HashSet<Slot> = launch.reads.iter().chain(launch.writes).copied().collect();
        assert_eq!(slots.len(), launch.reads.len() + launch.writes.len(), "{what}: a buffer is bound twice");
    }

    fn check_form(&self, what: &str, launch: &Launch, module: &Module, stored: u8) {
        let bound: Vec<_> = bindings(module).into_iter().filter(|b| b.place.0 == 0).collect();
        let (dims, tensors) = bound.split_first().unwrap_or_else(|| panic!("{what}: no `dims`"));
        assert_eq!((dims.place, dims.space, dims.name), ((0, 0), AddressSpace::Uniform, "dims"), "{what}");
        let given: Vec<_> = launch.dims.iter().enumerate().map(|(i, (name, word))| ((*name).to_owned(), written(*word, i))).collect();
        let asked = fields(module, dims.inner);
        for (given, asked) in given.iter().zip(&asked) {
            assert_eq!(given, asked, "{what}: the launch's dims, and the shader's");
        }
        assert_eq!(given.len(), asked.len(), "{what}: the launch gives {given:?}");

        let reads = launch.reads.iter().map(|slot| (slot, StorageAccess::LOAD));
        let writes = launch.writes.iter().map(|slot| (slot, StorageAccess::LOAD | StorageAccess::STORE));
        let names: Vec<&str> = tensors.iter().map(|b| b.name).collect();
        assert_eq!(names.len(), launch.reads.len() + launch.writes.len(), "{what} binds {names:?}");
        for (i, ((slot, access), binding)) in reads.chain(writes).zip(tensors).enumerate() {
            let (names, kind) = variable(*slot);
            let name = names.iter().find(|n| **n == binding.name).unwrap_or(&names[0]);
            let place = (0, i as u32 + 1);
            assert_eq!((binding.name, binding.place, binding.space), (*name, place, AddressSpace::Storage { access }), "{what}");
            let wanted = kind.map_or((ScalarKind::Float, stored), |kind| (kind, 4));
            assert_eq!(element(module, binding), Some(wanted), "{what}: the numbers of {name}");
        }
    }
}

/// What a layer's launches promise, beside what each says of its shader.
fn check_layer(library: &Library, what: &str, layer: &LayerSpec, at: &Placement, site: &Site, used: &mut HashSet<&'static str>) {
    let launches = layer.launches(at, site);
    let Launches { forward, backward, scratch_len } = &launches;
    let kind = layer.op().kind();
    for launch in forward.iter().chain(backward) {
        library.check(what, launch);
        used.insert(launch.shader.name);
        let listed = kind.shaders().iter().any(|s| std::ptr::eq(*s, launch.shader));
        assert!(listed, "{what}: {} is not in the operator's list", launch.shader.name);
        assert!(site.subgroups || !launch.shader.source.contains("enable subgroups;"), "{what}: {}", launch.shader.name);
        let working = launch.reads.contains(&Slot::Scratch) || launch.writes.contains(&Slot::Scratch);
        assert!(!working || *scratch_len > 0, "{what}: {} wants working space", launch.shader.name);
    }
    let training = at.mode == Mode::Train;
    let identity = kind.identity_in.contains(&at.mode);
    let writes = |launches: &[Launch], slot| launches.iter().any(|l| l.writes.contains(&slot));
    let inferred = layer.op().infer(&[&[at.input], &at.others[..]].concat()).unwrap();
    let learns = inferred.params.iter().any(|p| p.role.is_trained());
    assert_eq!(writes(forward, Slot::Output), !identity, "{what}: an identity runs nothing, all else writes its output");
    assert_eq!(writes(backward, Slot::DInput), !identity && training && site.wants_d_input, "{what}: gradient of the input");
    for k in 1..=at.others.len() {
        assert_eq!(writes(backward, Slot::DSide(k as u8)), training && site.wants(k), "{what}: gradient of input {k}");
    }
    assert_eq!(writes(backward, Slot::Grads), training && learns, "{what}: gradient of the weights");
    assert!(training || backward.is_empty(), "{what}: evaluation has no way back");
    assert_eq!(writes(forward, Slot::Saved), training && inferred.saved != (0, 0), "{what}: kept for the way back");
}

#[test]
fn launches_and_shaders_agree() {
    let library = Library::new();
    let mut used = HashSet::new();
    let mut check = |name: &str, layer: &LayerSpec, input: Shape, others: &[Shape], batch: usize| {
        let output = layer.op().infer(&[&[input], others].concat()).unwrap().output;
        let activations = layer.op().kind().absorbs.iter().map(|a| Some(*a));
        for activation in std::iter::once(None).chain(activations) {
            for (mode, wants_d_input, subgroups) in
                [Mode::Train, Mode::Eval].into_iter().flat_map(|m| [(m, true, false), (m, false, false), (m, true, true)])
            {
                let at = Placement { node: NodeId(1), batch, mode, input, others: Others::new(others), output, activation, pooled: None };
                let site = Site { params: 3, state: 5, wants_d_input, wants_d_sides: [wants_d_input; 7], subgroups };
                let what = format!("{name}, {batch} of {input}, {mode:?}, {activation:?}, {site:?}");
                check_layer(&library, &what, layer, &at, &site, &mut used);
            }
        }
    };
    for kind in KINDS {
        for case in kind.cases() {
            for batch in [case.batch, 1024] {
                check(&format!("{}, {}", kind.name, case.name), &case.layer, case.input, case.others, batch);
            }
        }
    }
    for preset in PRESETS {
        for node in &Graph::check(&preset.model()).unwrap().nodes {
            for batch in [1, 64, 1024] {
                check(&format!("{}, {}", preset.slug, node.name), &node.layer, node.input, &node.others, batch);
            }
        }
    }
    for kind in KINDS {
        for shader in kind.shaders() {
            assert!(used.contains(shader.name), "{}: no case launches it", shader.name);
        }
    }
}

#[test]
fn the_launches_of_a_step_agree_with_their_shaders() {
    let library = Library::new();
    let mut used = HashSet::new();
    for spec in LossSpec::all() {
        for (batch, given, gradient) in [1, 256, 10_000]
            .into_iter()
            .flat_map(|b| [Given::LABELS, Given::DENSE, Given::BOTH].into_iter().flat_map(move |g| [(b, g, false), (b, g, true)]))
        {
            let launches = spec.launches(&LossPlace { output: Shape::flat(10), batch, given, gradient });
            for launch in &launches {
                library.check(spec.name(), launch);
                used.insert(launch.shader.name);
                assert!(launch.shader.reads_now(), "{spec:?}: examples that do not count");
            }
            let writers = |slot| launches.iter().filter(|l| l.writes.contains(&slot)).count();
            assert!(!gradient || writers(Slot::DOutput) > 0, "{spec:?}: the gradient");
            assert_eq!(writers(Slot::Results), 1, "{spec:?}: the result");
        }
        for shader in spec.shaders() {
            assert!(used.contains(shader.name), "{}: nothing launches it", shader.name);
        }
    }
    for spec in OptimizerSpec::all() {
        let rule = spec.kernel();
        for len in [1, 1000, 1 << 26] {
            let launch = rule.launch(len);
            library.check(rule.name(), &launch);
            assert_eq!(launch.writes.contains(&Slot::OptimizerState), !rule.slots().is_empty(), "{}", rule.name());
        }
    }
    let mut used = HashSet::new();
    let graph = Graph::check(&PRESETS[0].model()).unwrap();
    for sam in [0.0, 0.05] {
        let treatment = Treatment { l1: 0.1, clip_value: 1.0, clip_norm: 1.0, accumulate: 2, sam, ..Treatment::default() };
        let optim::Launches { keep, apply, climb, descend, scratch_len } =
            Update::new(UpdateSpec { treatment, ..UpdateSpec::default() }, &graph).launches();
        assert!(!keep.is_empty() && climb.is_empty() == (sam == 0.0) && scratch_len > 0);
        for launch in keep.iter().chain(&apply).chain(&climb).chain(&descend) {
            library.check("around the rule", launch);
            used.insert(launch.shader.name);
        }
    }
    assert!(optim::SHADERS.iter().all(|s| used.contains(s.name)), "{used:?}");
    let plain = Update::new(UpdateSpec::default(), &graph).launches();
    assert_eq!((plain.apply.len(), plain.keep.len(), plain.climb.len(), plain.scratch_len), (1, 0, 0, 0), "nothing runs for nothing");
    for (batch, shuffled) in [(1, false), (64, true), (10_000, true)] {
        let moved = Augment { shift: 2.0, rotate: 10.0, scale: 0.1, ..Augment::default() };
        let all = Augment { rand_count: 2.0, erase: 0.5, mixup: 0.2, ..Augment::default() };
        let mut names = HashSet::new();
        for augment in [Augment::default(), moved, Augment { hflip: 0.5, ..moved }, all] {
            let launches = gather::launches(Shape::new(1, 28, 28), batch, shuffled, &augment, 10);
            for launch in &launches {
                library.check("gathering", launch);
                names.insert(launch.shader.name);
            }
            assert_eq!(launches[0].shader.name == "gather/gather", augment.is_nothing());
            assert_eq!(launches.len() == 1, augment.is_affine());
        }
        for shader in gather::SHADERS {
            assert!(names.contains(shader.name), "{} is launched by nothing", shader.name);
        }
    }
}

fn wgsl_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => wgsl_files(&path),
            Some(ending) if ending == "wgsl" => vec![path],
            _ => vec![],
        })
        .collect()
}

#[test]
fn files_and_lists_are_the_same() {
    let listed = shaders();
    let names: HashSet<&str> = listed.iter().map(|s| s.name).collect();
    assert_eq!(names.len(), listed.len(), "a shader stands twice in the lists");
    let mut seen = HashSet::new();
    for path in wgsl_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/engine/src")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let folder = path.parent().and_then(Path::file_name).unwrap().to_string_lossy().into_owned();
        let name = format!("{folder}/{}", path.file_stem().unwrap().to_string_lossy());
        let shader = listed.iter().find(|s| s.name == name).unwrap_or_else(|| panic!("{name} is in nobody's list"));
        assert!(shader.source == text, "{name} holds the text of another file");
        seen.insert(name);
    }
    assert_eq!(
        seen.len(),
        names.len(),
        "in a list, but not a file: {:?}",
        names.iter().filter(|n| !seen.contains(**n)).collect::<Vec<_>>()
    );
}
