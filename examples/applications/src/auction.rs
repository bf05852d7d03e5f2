//! An auction in which only the winner's bid becomes known.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolValue, sol};
use anyhow::{Context, Result};
use ciphervm::fhe::FheType;

use crate::{
    Application, Stage, User,
    artifact::artifact,
    token::{ARTIFACT as TOKEN, PrivateToken},
};

sol! {
    interface SealedAuction {
        function bid(bytes32 amount, bytes proof) external;
        function close() external;
        function result() external view returns (bytes32[] memory);
        function open(bytes cleartexts, bytes proof) external;
        function refund(address bidder) external;
        function winner() external view returns (address);
        function price() external view returns (uint64);
    }
}

/// Seconds for bidding.
const DURATION: u64 = 600;
/// Number of the seller's account.
const SELLER: u8 = 200;

/// An auction.
#[derive(Clone, Debug)]
pub struct Auction {
    /// What each bidder has.
    pub funds: Vec<u64>,
    /// What each bids, in this order.
    pub bids: Vec<u64>,
}

/// How an auction ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale {
    /// Which bidder won.
    pub winner: Option<usize>,
    /// For how much.
    pub price: u64,
    /// What the bidders have after all refunds, and then the seller.
    pub balances: Vec<u64>,
}

impl Application for Auction {
    type Outcome = Sale;

    fn name(&self) -> String {
        format!("sealed auction, {} bids", self.bids.len())
    }

    fn plain(&self) -> Sale {
        let covered = |(bid, funds): (&u64, &u64)| if bid <= funds { *bid } else { 0 };
        let paid: Vec<u64> = self.bids.iter().zip(&self.funds).map(covered).collect();
        let price = paid.iter().copied().max().unwrap_or(0);
        let winner = paid.iter().position(|bid| *bid == price && price > 0);
        let mut balances = self.funds.clone();
        if let Some(winner) = winner {
            balances[winner] -= price;
        }
        balances.push(price);
        Sale { winner, price, balances }
    }

    fn encrypted(&self, stage: &mut Stage) -> Result<Sale> {
        let (seller, bidders) = (User::new(SELLER)?, User::several(1, self.bids.len())?);
        let token = stage.deploy(&seller, TOKEN, &[])?;
        let arguments = (token, U256::from(DURATION)).abi_encode_params();
        let auction = stage.deploy(&seller, artifact!("SealedAuction"), &arguments)?;
        for (bidder, &amount) in bidders.iter().zip(&self.funds) {
            let to = bidder.address;
            stage.send(&seller, token, &PrivateToken::mintCall { to, amount })?;
            let call = PrivateToken::setOperatorCall { operator: auction, approved: true };
            stage.send(bidder, token, &call)?;
        }
        for (bidder, &bid) in bidders.iter().zip(&self.bids) {
            let input = stage.encrypt(bidder, auction, &[(FheType::Uint64, bid)])?;
            let (amount, proof) = (input.handles[0].0, input.proof);
            stage.send(bidder, auction, &SealedAuction::bidCall { amount, proof })?;
        }
        stage.wait(DURATION)?;
        stage.send(&seller, auction, &SealedAuction::closeCall {})?;
        let opened = stage.open(&stage.read(auction, &SealedAuction::resultCall {})?)?;
        let (cleartexts, proof) = (opened.cleartexts, opened.proof);
        stage.send(&seller, auction, &SealedAuction::openCall { cleartexts, proof })?;
        let winner = stage.read(auction, &SealedAuction::winnerCall {})?;
        let price = stage.read(auction, &SealedAuction::priceCall {})?;
        for bidder in bidders.iter().map(|bidder| bidder.address).filter(|one| *one != winner) {
            stage.send(&seller, auction, &SealedAuction::refundCall { bidder })?;
        }

        let balance = |user: &User| -> Result<u64> {
            let account = user.address;
            let handle = stage.read(token, &PrivateToken::balanceOfCall { account })?;
            if handle == Address::ZERO.into_word() {
                return Ok(0);
            }
            stage.numbers(user, token, &[handle])?.pop().context("no balance")
        };
        let balances = bidders.iter().chain([&seller]).map(balance).collect::<Result<_>>()?;
        let winner = bidders.iter().position(|bidder| bidder.address == winner);
        Ok(Sale { winner, price, balances })
    }
}
