//! Files and video as grey pictures.

use data::{own::FILE_LIMIT, sheet::Picture};
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, HtmlCanvasElement};

use super::{document, image, reason, window};

/// A picture is made smaller until neither side is longer.
const SIDE: f64 = 1_600.0;

/// The picture in a file.
///
/// # Errors
/// In words: a file that is too large, or no image that the browser knows.
pub async fn of_file(file: &File) -> Result<Picture, String> {
    let name = file.name();
    if file.size() > FILE_LIMIT as f64 {
        return Err(format!("{name} is {:.0} MB large; images of up to {} MB are opened", file.size() / 1_048_576.0, FILE_LIMIT >> 20));
    }
    let bitmap = bitmap_of(file).await.map_err(|_| format!("{name} is not an image that this browser can open"))?;
    drawn(&bitmap, number(&bitmap, "width"), number(&bitmap, "height"))
}

/// What a video shows now.
///
/// # Errors
/// In words, before its first picture has come.
pub fn of_video(video: &JsValue) -> Result<Picture, String> {
    drawn(video, number(video, "videoWidth"), number(video, "videoHeight"))
}

async fn bitmap_of(file: &File) -> Result<JsValue, JsValue> {
    let window = window().ok_or(JsValue::NULL)?;
    let open: Function = Reflect::get(&window, &"createImageBitmap".into())?.dyn_into()?;
    JsFuture::from(open.call1(&window, file)?.dyn_into::<Promise>()?).await
}

fn number(object: &JsValue, key: &str) -> f64 {
    Reflect::get(object, &key.into()).ok().and_then(|v| v.as_f64()).unwrap_or(0.0)
}

fn drawn(source: &JsValue, width: f64, height: f64) -> Result<Picture, String> {
    if width < 1.0 || height < 1.0 {
        return Err("there is no picture yet".to_owned());
    }
    let scale = (SIDE / width.max(height)).min(1.0);
    let (w, h) = ((width * scale).round().max(1.0), (height * scale).round().max(1.0));
    let canvas: HtmlCanvasElement =
        document().and_then(|d| d.create_element("canvas").ok()).and_then(|e| e.dyn_into().ok()).ok_or("the page has no document")?;
    canvas.set_width(w as u32);
    canvas.set_height(h as u32);
    let context = image::context(&canvas).ok_or("this browser gives no canvas")?;
    let draw: Function = Reflect::get(&context, &"drawImage".into()).and_then(JsCast::dyn_into).map_err(|e| reason(&e))?;
    let place = Array::of5(source, &0.0.into(), &0.0.into(), &w.into(), &h.into());
    draw.apply(&context, &place).map_err(|e| reason(&e))?;
    let data = context.get_image_data(0.0, 0.0, w, h).map_err(|e| reason(&e))?;
    Ok(Picture::of_rgba(w as usize, &data.data().0))
}

/// The camera's stream.
///
/// # Errors
/// In words, for whoever was asked.
pub async fn camera() -> Result<JsValue, String> {
    let none = || "this browser gives no camera here: pages without encryption may not ask for one".to_owned();
    let devices =
        window().and_then(|w| Reflect::get(&w.navigator(), &"mediaDevices".into()).ok()).filter(JsValue::is_object).ok_or_else(none)?;
    let ask: Function = Reflect::get(&devices, &"getUserMedia".into()).and_then(JsCast::dyn_into).map_err(|_| none())?;
    let (wishes, video) = (Object::new(), Object::new());
    let _ = Reflect::set(&video, &"facingMode".into(), &"environment".into());
    let _ = Reflect::set(&wishes, &"video".into(), &video);
    let asked = ask.call1(&devices, &wishes).and_then(JsCast::dyn_into::<Promise>).map_err(|e| reason(&e))?;
    JsFuture::from(asked).await.map_err(|error| {
        let name = Reflect::get(&error, &"name".into()).ok().and_then(|n| n.as_string()).unwrap_or_default();
        match name.as_str() {
            "NotAllowedError" | "SecurityError" => {
                "the camera was not allowed: the browser's address bar is where that is changed".to_owned()
            }
            "NotFoundError" | "OverconstrainedError" => "there is no camera".to_owned(),
            "NotReadableError" => "the camera is used by something else".to_owned(),
            _ => reason(&error),
        }
    })
}

/// Lets go of the camera.
pub fn stop(stream: &JsValue) {
    let call = |object: &JsValue, name: &str| {
        Reflect::get(object, &name.into()).and_then(JsCast::dyn_into::<Function>).and_then(|f| f.call0(object))
    };
    if let Ok(tracks) = call(stream, "getTracks") {
        for track in Array::from(&tracks).iter() {
            let _ = call(&track, "stop");
        }
    }
}

/// The square in the middle of what a video shows now, `side` × `side` pixels, mirrored as people expect of themselves:
/// planes of red, green and blue, 0 to 1.
///
/// # Errors
/// In words, before its first picture has come.
pub fn colours_of_video(video: &JsValue, side: usize) -> Result<Vec<f32>, String> {
    let (width, height) = (number(video, "videoWidth"), number(video, "videoHeight"));
    if width < 1.0 || height < 1.0 {
        return Err("there is no picture yet".to_owned());
    }
    let canvas: HtmlCanvasElement =
        document().and_then(|d| d.create_element("canvas").ok()).and_then(|e| e.dyn_into().ok()).ok_or("the page has no document")?;
    canvas.set_width(side as u32);
    canvas.set_height(side as u32);
    let context = image::context(&canvas).ok_or("this browser gives no canvas")?;
    let whole = width.min(height);
    let place = [(width - whole) / 2.0, (height - whole) / 2.0, whole, whole, 0.0, 0.0, side as f64, side as f64];
    let arguments = Array::of1(video);
    place.iter().for_each(|n| {
        arguments.push(&(*n).into());
    });
    context.translate(side as f64, 0.0).and_then(|()| context.scale(-1.0, 1.0)).map_err(|e| reason(&e))?;
    let draw: Function = Reflect::get(&context, &"drawImage".into()).and_then(JsCast::dyn_into).map_err(|e| reason(&e))?;
    draw.apply(&context, &arguments).map_err(|e| reason(&e))?;
    let data = context.get_image_data(0.0, 0.0, side as f64, side as f64).map_err(|e| reason(&e))?.data().0;
    Ok((0..3).flat_map(|c| data.chunks_exact(4).map(move |p| f32::from(p[c]) / 255.0).collect::<Vec<_>>()).collect())
}
