//! `debug_*`: transactions and calls, executed again and watched, with geth's tracers.

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_evm::EvmEnv;
use alloy_primitives::B256;
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use alloy_rpc_types_trace::geth::{
    GethDebugTracerType, GethDebugTracingCallOptions, GethDebugTracingOptions, GethTrace,
    TraceResult,
};
use jsonrpsee::{proc_macros::rpc, types::ErrorObjectOwned};
use revm::{
    DatabaseCommit,
    context::{TxEnv, result::ResultAndState},
    database::WrapDatabaseRef,
};
use revm_inspectors::tracing::{DebugInspector, TransactionContext};

use super::{
    Rpc,
    budget::Bounded,
    call::{Prepared, invalid_transaction},
    error::{Answer, failed, invalid, not_found, too_much},
    view::number,
};
use crate::chain::{Replay, Scratch};

#[rpc(server, namespace = "debug")]
pub(super) trait Tracing {
    #[method(name = "traceTransaction", blocking)]
    fn trace_transaction(
        &self,
        hash: B256,
        options: Option<GethDebugTracingOptions>,
    ) -> Answer<GethTrace>;
    #[method(name = "traceCall", blocking)]
    fn trace_call(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        options: Option<GethDebugTracingCallOptions>,
    ) -> Answer<GethTrace>;
    #[method(name = "traceBlockByNumber", blocking)]
    fn trace_block_by_number(
        &self,
        block: BlockNumberOrTag,
        options: Option<GethDebugTracingOptions>,
    ) -> Answer<Vec<TraceResult>>;
    #[method(name = "traceBlockByHash", blocking)]
    fn trace_block_by_hash(
        &self,
        block: B256,
        options: Option<GethDebugTracingOptions>,
    ) -> Answer<Vec<TraceResult>>;
}

impl TracingServer for Rpc {
    fn trace_transaction(
        &self,
        hash: B256,
        options: Option<GethDebugTracingOptions>,
    ) -> Answer<GethTrace> {
        let mut tracer = tracer(options.unwrap_or_default())?;
        let (replay, index) = self.replay(&hash)?;
        let state = replay.state_before(index).map_err(failed)?;
        trace(&mut tracer, &replay, index, &state).map(|(_, trace)| trace)
    }

    fn trace_call(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        options: Option<GethDebugTracingCallOptions>,
    ) -> Answer<GethTrace> {
        let GethDebugTracingCallOptions {
            tracing_options,
            state_overrides,
            block_overrides,
            tx_index,
        } = options.unwrap_or_default();
        if tx_index.is_some() {
            return Err(invalid("a call is traced on the state after a block: leave out txIndex"));
        }
        let mut tracer = tracer(tracing_options)?;
        let view = self.view(block)?;
        let overrides =
            EvmOverrides { state: state_overrides, block: block_overrides.map(Box::new) };
        let Prepared { database, environment, transaction } =
            self.prepare(&view, request, overrides)?;
        let watched = WrapDatabaseRef(&database);
        let (env, tx) = (environment.clone(), transaction.clone());
        let result = view.simulator.inspect(watched, env, tx, &mut tracer);
        within(&tracer)?;
        let result = result.map_err(invalid_transaction)?;
        let context = TransactionContext::default();
        finish(&mut tracer, context, &environment, &transaction, &result, &database)
    }

    fn trace_block_by_number(
        &self,
        block: BlockNumberOrTag,
        options: Option<GethDebugTracingOptions>,
    ) -> Answer<Vec<TraceResult>> {
        self.trace_block(block.into(), options.unwrap_or_default())
    }

    fn trace_block_by_hash(
        &self,
        block: B256,
        options: Option<GethDebugTracingOptions>,
    ) -> Answer<Vec<TraceResult>> {
        self.trace_block(block.into(), options.unwrap_or_default())
    }
}

impl Rpc {
    /// A transaction's block, to be executed again, and its position there.
    pub(super) fn replay(&self, hash: &B256) -> Answer<(Replay, usize)> {
        let replay = self.devnet.chain(|chain| {
            let (block, index) = chain.transaction(hash)?;
            Some((chain.replay(block.number())?, index))
        });
        replay.ok_or_else(|| not_found(format!("no block has transaction {hash}")))
    }

    fn trace_block(
        &self,
        id: BlockId,
        options: GethDebugTracingOptions,
    ) -> Answer<Vec<TraceResult>> {
        if id.is_pending() {
            return Err(invalid("the pending block is not executed yet: mine it with evm_mine"));
        }
        let mut tracer = tracer(options)?;
        let found = self.devnet.chain(|chain| {
            let number = number(chain, id)?;
            chain.block(number)?;
            Some(chain.replay(number))
        });
        let replay = found.ok_or_else(|| not_found("there is no such block"))?;
        // For the first block nothing was executed.
        let Some(replay) = replay else { return Ok(Vec::new()) };
        let mut state = replay.state_before(0).map_err(failed)?;
        let mut traces = Vec::new();
        for (index, transaction) in replay.block().transactions.iter().enumerate() {
            let (result, trace) = trace(&mut tracer, &replay, index, &state)?;
            traces.push(TraceResult::Success { result: trace, tx_hash: Some(*transaction.hash()) });
            state.commit(result.state);
            tracer.fuse().map_err(failed)?;
        }
        Ok(traces)
    }
}

fn tracer(options: GethDebugTracingOptions) -> Answer<Bounded> {
    if matches!(&options.tracer, Some(GethDebugTracerType::JsTracer(name)) if !name.is_empty()) {
        return Err(invalid(
            "there is no such tracer, and tracers in JavaScript are not executed: take callTracer, \
             flatCallTracer, prestateTracer, 4byteTracer, muxTracer, noopTracer, or none for a log \
             of instructions",
        ));
    }
    DebugInspector::new(options).map(Bounded::new).map_err(invalid)
}

/// Traces transaction `index` on the state before it.
fn trace(
    tracer: &mut Bounded,
    replay: &Replay,
    index: usize,
    state: &Scratch,
) -> Answer<(ResultAndState, GethTrace)> {
    let result = replay.inspect(index, state, &mut *tracer);
    within(tracer)?;
    let result = result.map_err(failed)?;
    let block = replay.block();
    let context = TransactionContext {
        block_hash: Some(block.hash()),
        tx_index: Some(index),
        tx_hash: Some(*block.transactions[index].hash()),
    };
    let transaction = replay.transaction(index);
    let trace = finish(tracer, context, replay.environment(), &transaction, &result, state)?;
    Ok((result, trace))
}

fn finish(
    tracer: &mut Bounded,
    context: TransactionContext,
    environment: &EvmEnv,
    transaction: &TxEnv,
    result: &ResultAndState,
    mut state: &Scratch,
) -> Answer<GethTrace> {
    tracer
        .tracer
        .get_result(Some(context), transaction, &environment.block_env, result, &mut state)
        .map_err(failed)
}

/// Refuses a trace that is too large.
fn within(tracer: &Bounded) -> Result<(), ErrorObjectOwned> {
    if tracer.is_exceeded() {
        let limit = Bounded::MEBIBYTES;
        return Err(too_much(format!(
            "the trace takes more than {limit} MiB: record fewer instructions with limit, leave \
             out what you do not need with disableStack and enableMemory, or take callTracer"
        )));
    }
    Ok(())
}
