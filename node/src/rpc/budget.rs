//! A limit on what a tracer keeps in memory.

use revm::{
    Inspector,
    context::ContextTr,
    context_interface::context::ContextError,
    inspector::JournalExt,
    interpreter::{
        CallInputs, CallOutcome, CreateInputs, CreateOutcome, Interpreter,
        interpreter_types::MemoryTr,
    },
    primitives::{Address, Log, U256},
};
use revm_inspectors::tracing::{
    DebugInspector, DebugInspectorError,
    types::{CallTraceNode, CallTraceStep},
};

/// Bytes that the traces of one request may take in memory. As text they are about as long, and no
/// response may have even half of that.
const LIMIT: usize = 128 << 20;

/// A tracer that stops the execution when its trace gets too large.
#[derive(Debug)]
pub(super) struct Bounded {
    pub(super) tracer: DebugInspector,
    /// Whether frames are recorded, with their inputs and outputs.
    frames: bool,
    /// Instructions of a transaction that are recorded, at most.
    limit: u64,
    /// Instructions of this transaction that were recorded.
    recorded: u64,
    /// Whether an instruction is recorded with the stack.
    stack: bool,
    /// Whether an instruction is recorded with the memory.
    memory: bool,
    /// Bytes that are left; nothing if there were not enough.
    left: Option<usize>,
}

impl Bounded {
    pub(super) fn new(tracer: DebugInspector) -> Self {
        use DebugInspector as Tracer;
        let (limit, stack, memory) = match &tracer {
            Tracer::Default(_, config) => {
                let limit = config.limit.filter(|limit| *limit > 0).unwrap_or(u64::MAX);
                (limit, config.is_stack_enabled(), config.is_memory_enabled())
            }
            Tracer::Erc7562Tracer(..) => (u64::MAX, true, true),
            _ => (0, false, false),
        };
        let frames = !matches!(
            tracer,
            Tracer::FourByte(_)
                | Tracer::Noop(_)
                | Tracer::PreStateTracer(..)
                | Tracer::StateGasTracer(_)
        );
        Self { tracer, frames, limit, recorded: 0, stack, memory, left: Some(LIMIT) }
    }

    /// Whether the trace got too large. What there is of it is of no use then.
    pub(super) const fn is_exceeded(&self) -> bool {
        self.left.is_none()
    }

    /// Prepares for another transaction. What earlier traces took is not given back.
    pub(super) fn fuse(&mut self) -> Result<(), DebugInspectorError> {
        self.recorded = 0;
        self.tracer.fuse()
    }

    /// The limit in MiB.
    pub(super) const MEBIBYTES: usize = LIMIT >> 20;

    /// Takes `bytes` from what is left. False if there are not as many: the execution fails then.
    fn take(&mut self, bytes: usize, context: &mut impl ContextTr) -> bool {
        self.left = self.left.and_then(|left| left.checked_sub(bytes));
        if self.is_exceeded() {
            *context.error() = Err(ContextError::Custom("the trace is too large".to_owned()));
        }
        !self.is_exceeded()
    }

    /// What the next instruction takes.
    fn step_size(&mut self, interpreter: &Interpreter) -> usize {
        if self.recorded == self.limit {
            return 0;
        }
        self.recorded += 1;
        let mut size = size_of::<CallTraceStep>();
        if self.stack {
            size += size_of_val(interpreter.stack.data().as_slice());
        }
        if self.memory {
            size += interpreter.memory.size();
        }
        size
    }

    fn take_frame(&mut self, input: usize, context: &mut impl ContextTr) -> bool {
        let size = if self.frames { size_of::<CallTraceNode>() + input } else { 0 };
        self.take(size, context)
    }

    fn take_output(&mut self, output: usize, context: &mut impl ContextTr) -> bool {
        self.take(if self.frames { output } else { 0 }, context)
    }
}

impl<CTX: ContextTr<Journal: JournalExt>> Inspector<CTX> for Bounded {
    fn initialize_interp(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        if !self.is_exceeded() {
            self.tracer.initialize_interp(interpreter, context);
        }
    }

    fn step(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        let size = self.step_size(interpreter);
        if self.take(size, context) {
            self.tracer.step(interpreter, context);
        } else {
            interpreter.halt_fatal();
        }
    }

    fn step_end(&mut self, interpreter: &mut Interpreter, context: &mut CTX) {
        if !self.is_exceeded() {
            self.tracer.step_end(interpreter, context);
        }
    }

    fn log(&mut self, context: &mut CTX, log: Log) {
        if !self.is_exceeded() {
            self.tracer.log(context, log);
        }
    }

    fn call(&mut self, context: &mut CTX, inputs: &mut CallInputs) -> Option<CallOutcome> {
        if !self.take_frame(inputs.input.len(), context) {
            return None;
        }
        self.tracer.call(context, inputs)
    }

    fn call_end(&mut self, context: &mut CTX, inputs: &CallInputs, outcome: &mut CallOutcome) {
        if self.take_output(outcome.result.output.len(), context) {
            self.tracer.call_end(context, inputs, outcome);
        }
    }

    fn create(&mut self, context: &mut CTX, inputs: &mut CreateInputs) -> Option<CreateOutcome> {
        if !self.take_frame(inputs.init_code().len(), context) {
            return None;
        }
        self.tracer.create(context, inputs)
    }

    fn create_end(
        &mut self,
        context: &mut CTX,
        inputs: &CreateInputs,
        outcome: &mut CreateOutcome,
    ) {
        if self.take_output(outcome.result.output.len(), context) {
            self.tracer.create_end(context, inputs, outcome);
        }
    }

    fn selfdestruct(&mut self, contract: Address, target: Address, value: U256) {
        if !self.is_exceeded() {
            Inspector::<CTX>::selfdestruct(&mut self.tracer, contract, target, value);
        }
    }
}
