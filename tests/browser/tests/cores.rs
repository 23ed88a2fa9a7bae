//! Several workers share the training, and nothing but the speed shows it.

use crate::stage::{Setting, drive, drive_with, report};

/// Convolutions alone; batch norms too, at which the workers wait for each other.
const RUNS: &[&str] = &["play=0&net=n2&batch=100&seed=5&shift=2", "play=0&net=two-blocks&batch=40&seed=3"];

#[test]
fn two_cores_give_the_losses_of_one() {
    for run in RUNS {
        let mut found = Vec::new();
        // On a plain host, and on one that lets workers share memory.
        for (threads, isolated) in [(1, false), (2, false), (3, false), (2, true), (3, true)] {
            drive(async |page| {
                if isolated {
                    page.site.isolate();
                }
                page.open(&format!("{run}&backend=cpu&threads={threads}")).await;
                page.wait_until_ready().await;
                assert_eq!(page.eval("return self.crossOriginIsolated;").await, isolated);
                assert_eq!(page.hook("cores").await, threads);
                assert_eq!(page.text("cores").await, threads.to_string());
                found.push(page.losses(1..=12).await);
            });
        }
        assert!(found.iter().all(|losses| *losses == found[0]), "{run}: {found:?}");
    }
}

#[test]
fn a_core_that_is_lost_is_told_and_training_goes_on() {
    for isolated in [false, true] {
        let troubled = Setting { troubled: true, ..Setting::default() };
        drive_with(troubled, async |page| {
            if isolated {
                page.site.isolate();
            }
            page.open("net=n2&batch=64&backend=cpu&threads=2").await;
            page.wait_for_step(30, 60).await;
            assert_eq!(page.hook("cores").await, 2);
            page.eval("window.__kernelscope.crash_shard();").await;
            let told = page.notice(&["of the workers has stopped", "same results"], 20).await;
            report(&told);
            assert_eq!(page.hook("cores").await, 1);
            let at = page.step().await;
            page.wait_for_step(at + 20, 30).await;
            assert_eq!(page.hook("cores").await, 1, "the worker that leads lives on");
        });
    }
}

#[test]
fn a_pause_comes_at_once_on_two_cores() {
    drive(async |page| {
        page.open("net=n2&backend=cpu&threads=2").await;
        page.wait_for_step(30, 60).await;
        page.click("play").await;
        page.until("a pause", 5, "return !window.__kernelscope.running;").await;
        let step = page.step().await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        assert_eq!(page.step().await, step, "nothing is trained while it is paused");
        page.click("play").await;
        page.wait_for_step(step + 20, 30).await;
    });
}
