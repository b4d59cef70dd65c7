//! The verifier pool: threads that check signatures and parse, so that neither the runtime nor the
//! writer does; what little the runtime does check, [`House::check`](super::house::House::check)
//! says. The queue is bounded; what does not fit is answered `busy`.

use super::problem::{Code, Problem};
use crossbeam_channel::{Sender, TrySendError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

type Task = Box<dyn FnOnce() + Send>;

/// Tasks that may wait for each thread: some 10 ms of work.
const QUEUE_PER_THREAD: usize = 256;

/// The pool. Cloning it is cheap; its threads end with the last clone.
#[derive(Clone, Debug)]
pub struct Verifiers {
    tasks: Sender<Task>,
}

impl Verifiers {
    /// Starts the threads; 0 is one per core.
    ///
    /// # Errors
    /// A thread could not be had.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let (tasks, queue) = crossbeam_channel::bounded::<Task>(threads * QUEUE_PER_THREAD);
        for number in 0..threads {
            let queue = queue.clone();
            let name = format!("verifier-{number}");
            std::thread::Builder::new().name(name).spawn(move || {
                while let Ok(task) = queue.recv() {
                    // Who waits is told by the reply that is dropped.
                    let _ = catch_unwind(AssertUnwindSafe(task));
                }
            })?;
        }
        Ok(Self { tasks })
    }

    /// Lets a thread of the pool do something, and waits for it.
    ///
    /// # Errors
    /// `busy` when the queue is full, `internal` when the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let (reply, done) = oneshot::channel();
        let task = move || drop(reply.send(work()));
        match self.tasks.try_send(Box::new(task)) {
            Ok(()) => done
                .await
                .map_err(|_| Problem::internal("a verifier panicked")),
            Err(TrySendError::Full(_)) => Err(Problem::of(Code::Busy)),
            Err(TrySendError::Disconnected(_)) => Err(Problem::internal("no verifier is left")),
        }
    }

    /// How many tasks wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.tasks.len()
    }
}

/// Lets a thread that may wait for the disk do something.
///
/// # Errors
/// `internal` when the work panicked, else its own.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Problem::internal(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_is_busy_and_a_panic_is_ours() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.unwrap();
        let verifiers = Verifiers::start(1).unwrap();
        let (release, gate) = crossbeam_channel::bounded::<()>(0);
        let (begun, started) = crossbeam_channel::bounded::<()>(0);
        let hold = move || {
            begun.send(()).unwrap();
            let _ = gate.recv();
        };
        verifiers.tasks.send(Box::new(hold)).unwrap();
        started.recv().unwrap();
        for _ in 0..QUEUE_PER_THREAD {
            verifiers.tasks.try_send(Box::new(|| ())).unwrap();
        }
        assert_eq!(verifiers.waiting(), QUEUE_PER_THREAD);
        let full = runtime.block_on(verifiers.run(|| 1));
        assert_eq!(full.unwrap_err().code, Code::Busy);
        drop(release);
        while verifiers.waiting() > 0 {
            std::thread::yield_now();
        }
        let broken = runtime.block_on(verifiers.run(|| panic!("on purpose")));
        let broken: Result<(), Problem> = broken;
        assert_eq!(broken.unwrap_err().code, Code::Internal);
        assert_eq!(runtime.block_on(verifiers.run(|| 2)).unwrap(), 2);
    }
}
