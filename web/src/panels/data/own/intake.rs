//! From files, folders and sheets to images.

use data::{FramingOptions, own, sheet::Picture};
use js_sys::Reflect;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{File, HtmlInputElement};

use super::candidates::{Candidate, Candidates};
use crate::{
    dom::{frame, picture},
    state::app,
};

/// How a sheet is cut.
#[derive(Clone, Copy)]
struct Cut {
    rows: RwSignal<usize>,
    cols: RwSignal<usize>,
    /// A class for each row; else for each column.
    by_row: RwSignal<bool>,
}

pub fn view(candidates: Candidates) -> AnyView {
    let cut = Cut { rows: RwSignal::new(10), cols: RwSignal::new(10), by_row: RwSignal::new(true) };
    let chooser = move |label: &'static str,
                        testid: &'static str,
                        about: &'static str,
                        folder: bool,
                        take: fn(Candidates, Cut, Vec<File>)| {
        view! {
            <label class="quiet own-file" title=about>
                <input class="sr-only" type="file" accept="image/*" multiple=!testid.ends_with("sheet") prop:webkitdirectory=folder data-testid=testid
                    on:change=move |event| take(candidates, cut, files(&event))/>
                {label}
            </label>
        }
        .into_any()
    };
    let count = move |label: &'static str, testid: &'static str, value: RwSignal<usize>| {
        view! {
            <label class="own-count">{label}
                <input class="number" type="number" min="1" max="200" data-testid=testid prop:value=move || value.get().to_string()
                    on:change=move |event| if let Ok(number) = event_target_value(&event).parse() { value.set(number); }/>
            </label>
        }
        .into_any()
    };
    view! {
        {chooser("Folder…", "own-folder", "Images in sub-folders: each folder is a class", true, take_files)}
        {chooser("Files…", "own-files", "Images whose names begin with their class: 7_01.png, cat-3.jpg", false, take_files)}
        <span class="own-sheet">
            {chooser("Sheet…", "own-sheet", "One image of many, in rows and columns", false, take_sheet)}
            {count("rows", "own-rows", cut.rows)}
            {count("columns", "own-cols", cut.cols)}
            <select data-testid="own-by" aria-label="Classes of the sheet" on:change=move |event| cut.by_row.set(event_target_value(&event) == "row")>
                <option value="row">"a class for each row"</option>
                <option value="column">"a class for each column"</option>
            </select>
        </span>
    }
    .into_any()
}

/// Those that were chosen; the same ones can be chosen again.
fn files(event: &web_sys::Event) -> Vec<File> {
    let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else { return Vec::new() };
    let files = input.files().map(|list| (0..list.length()).filter_map(|i| list.get(i)).collect()).unwrap_or_default();
    input.set_value("");
    files
}

/// The place of a file in the folder that was chosen, or its name.
fn path_of(file: &File) -> String {
    let path = Reflect::get(file, &"webkitRelativePath".into()).ok().and_then(|p| p.as_string()).unwrap_or_default();
    if path.is_empty() { file.name() } else { path }
}

fn take_files(candidates: Candidates, _: Cut, files: Vec<File>) {
    read(candidates, files, false);
}

/// Files that were dropped anywhere on the page.
pub fn take_offered(candidates: Candidates) {
    let own = app().own;
    Effect::new(move |_| {
        let files = own.offered.get();
        if !files.is_empty() {
            own.offered.set(Vec::new());
            read(candidates, files, true);
        }
    });
}

/// With `nameless`, images whose names say no class get the one that a drawing would get.
fn read(candidates: Candidates, mut files: Vec<File>, nameless: bool) {
    let own = app().own;
    let usual = own.label.get_untracked();
    leptos::task::spawn_local(async move {
        let (mut found, mut left_out) = (Vec::new(), Vec::new());
        files.sort_by_key(path_of);
        let room = own::MOST.saturating_sub(own.with(|own| own.len()));
        for (place, file) in files.iter().enumerate() {
            let path = path_of(file);
            let name = own::class_in_path(&path);
            if name.is_none() && !nameless {
                left_out.push(format!("{path} names no class (a sub-folder, or a beginning as in 7_01.png)"));
                continue;
            }
            if found.len() >= room {
                left_out.push(format!("{} of the files, since at most {} images are kept", files.len() - place, own::MOST));
                break;
            }
            match picture::of_file(file).await.and_then(|p| p.framed(FramingOptions::default()).map_err(|e| format!("{path}: {e}"))) {
                Ok(image) => found.push(Candidate { image, class: usual, name: name.map(str::to_owned) }),
                Err(why) => left_out.push(why),
            }
            own.told.set(Some((true, format!("{} of {} files are read.", place + 1, files.len()))));
        }
        candidates.show(own, found, &left_out);
    });
}

fn take_sheet(candidates: Candidates, cut: Cut, files: Vec<File>) {
    let own = app().own;
    let Some(file) = files.into_iter().next() else { return };
    let (rows, cols, by_row) = (cut.rows.get_untracked(), cut.cols.get_untracked(), cut.by_row.get_untracked());
    leptos::task::spawn_local(async move {
        let sheet = match picture::of_file(&file).await.and_then(|p| checked(p, rows, cols, by_row)) {
            Ok(sheet) => sheet,
            Err(why) => {
                own.told.set(Some((false, format!("{why}."))));
                return;
            }
        };
        let (mut found, mut left_out) = (Vec::new(), Vec::new());
        for row in 0..rows {
            for col in 0..cols {
                let class = if by_row { row } else { col };
                match sheet.cell((row, rows), (col, cols)).framed(FramingOptions::default()) {
                    Ok(image) => found.push(Candidate { image, class: class as u8, name: None }),
                    Err(why) => left_out.push(format!("row {}, column {}: {why}", row + 1, col + 1)),
                }
            }
            // The page stays awake.
            frame::wait(0).await;
        }
        candidates.show(own, found, &left_out);
    });
}

fn checked(sheet: Picture, rows: usize, cols: usize, by_row: bool) -> Result<Picture, String> {
    sheet.check_cells(rows, cols).map_err(|e| e.to_string())?;
    let (classes, lines) = if by_row { (rows, "rows") } else { (cols, "columns") };
    if classes > data::CLASSES {
        return Err(format!("{classes} {lines} would be {classes} classes, but there are ten at most"));
    }
    Ok(sheet)
}
