// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ZamaEthereumConfig} from "@fhevm/solidity/config/ZamaConfig.sol";
import {FHE, ebool, euint8, euint16, externalEuint8} from "@fhevm/solidity/lib/FHE.sol";

/// @title Agreement of validators who do not see each other's votes
/// @notice Each round asks one question. Every validator answers once, encrypted, and only the
/// round's result is ever opened: no account, validators included, gets a right to a ballot or to
/// anything between ballots and result.
///
/// A ballot is bound to its sender and to this contract by the proof that comes with it. Nobody can
/// copy one without knowing what is in it.
contract FheConsensus is ZamaEthereumConfig {
    /// @notice How ballots become a result.
    enum Rule {
        /// The label with most votes, the lowest of equals. Ballot: a label from 1 on; others count
        /// for nothing. Result: the label, 0 if nobody chose one.
        Majority,
        /// Ballot: a value, and its weight up to {MAX_WEIGHT}. Result: the sum of value times
        /// weight, and the sum of weights.
        Mean,
        /// Ballot: a place for each candidate, from 0 on. Each candidate gets a point for each one
        /// that is placed behind. A ballot that is no permutation counts for nothing. Result: the
        /// place of each candidate, the lower number first among equals.
        Borda,
        /// Ballot: a value. Result: the one in the middle of 5 or 7.
        Median
    }

    /// @notice How far a round is.
    enum Phase {
        Voting,
        /// The result can be decrypted by everybody.
        Counted,
        /// The result is known here.
        Opened,
        /// There are not as many ballots as the rule needs.
        Void
    }

    /// @notice A round.
    struct Round {
        Rule rule;
        Phase phase;
        /// Labels or candidates.
        uint8 options;
        /// The distance from a median above which a vote is marked.
        uint8 tolerance;
        uint64 deadline;
        address[] voters;
        /// The result in the clear.
        uint256[] outcome;
    }

    /// @notice Validators, at most. With {MAX_WEIGHT} it keeps every sum below 2^16.
    uint256 public constant MAX_VALIDATORS = 16;
    /// @notice The weight that larger ones are taken for.
    uint8 public constant MAX_WEIGHT = 16;
    /// @notice Labels or candidates, at most.
    uint8 public constant MAX_OPTIONS = 8;
    /// @notice A tolerance that marks nobody, for no distance is above it.
    uint8 public constant MARK_NOBODY = 255;

    /// @dev Comparators that move the median of as many values to the middle: pairs of places, the
    /// smaller value to the first.
    bytes private constant MEDIAN_OF_5 = hex"01_34_03_14_12_23_12";
    bytes private constant MEDIAN_OF_7 = hex"05_03_16_24_01_35_26_23_36_45_14_13_34";

    /// @notice How many validators there are.
    uint256 public immutable validators;
    /// @notice Whether an account is one.
    mapping(address account => bool) public isValidator;
    /// @notice Whether a validator voted in a round.
    mapping(uint256 id => mapping(address validator => bool)) public hasVoted;

    Round[] private _rounds;
    /// @dev Points of each label or candidate, or the two sums of a mean.
    mapping(uint256 id => euint16[]) private _tallies;
    /// @dev Votes for a median, in the order of voters.
    mapping(uint256 id => euint8[]) private _values;
    mapping(uint256 id => bytes32[]) private _results;
    mapping(uint256 id => mapping(address validator => ebool)) private _marks;

    /// @notice A round began.
    event Began(uint256 indexed id, Rule rule);
    /// @notice A validator voted.
    event Voted(uint256 indexed id, address indexed validator);
    /// @notice A result was opened.
    event Opened(uint256 indexed id, uint256[] outcome);

    /// @notice The account is no validator.
    error NotValidator(address account);
    /// @notice There are too many validators, or one is named twice.
    error BadValidators();
    /// @notice The rule does not take as many options.
    error BadOptions(uint8 options);
    /// @notice The ballot has not as many values as the rule asks for.
    error BadBallot(uint256 found, uint256 expected);
    /// @notice The ballot comes without a proof.
    error NoProof();
    /// @notice The validator voted in this round before.
    error AlreadyVoted(uint256 id, address validator);
    /// @notice The round is not in the phase for this.
    error WrongPhase(uint256 id, Phase phase);
    /// @notice Ballots are taken until the deadline, or until all validators voted.
    error VotingGoesOn(uint256 id);

    /// @param accounts The validators.
    constructor(address[] memory accounts) {
        if (accounts.length > MAX_VALIDATORS) revert BadValidators();
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (isValidator[accounts[i]]) revert BadValidators();
            isValidator[accounts[i]] = true;
        }
        validators = accounts.length;
    }

    modifier onlyValidator() {
        if (!isValidator[msg.sender]) revert NotValidator(msg.sender);
        _;
    }

    /// @notice Begins a round.
    /// @param rule How ballots become a result.
    /// @param options The number of labels or candidates; 0 for a mean or a median.
    /// @param tolerance The distance from a median above which a vote is marked, {MARK_NOBODY} for
    /// no marks; of no meaning to other rules.
    /// @param duration Seconds for voting.
    /// @return id The round.
    function begin(Rule rule, uint8 options, uint8 tolerance, uint64 duration) external onlyValidator returns (uint256 id) {
        bool chooses = rule == Rule.Majority || rule == Rule.Borda;
        if (chooses ? options < 2 || options > MAX_OPTIONS : options != 0) revert BadOptions(options);
        id = _rounds.length;
        Round storage round = _rounds.push();
        round.rule = rule;
        round.options = options;
        round.tolerance = tolerance;
        round.deadline = uint64(block.timestamp) + duration;
        if (rule != Rule.Median) {
            euint16 zero = FHE.allowThis(FHE.asEuint16(0));
            uint256 tallies = chooses ? options : 2;
            for (uint256 i = 0; i < tallies; ++i) _tallies[id].push(zero);
        }
        emit Began(id, rule);
    }

    /// @notice Casts the sender's vote.
    /// @param ballot What the rule asks for, encrypted by the sender for this contract.
    /// @param proof The proof that covers it.
    function vote(uint256 id, externalEuint8[] calldata ballot, bytes calldata proof) external onlyValidator {
        Round storage round = _rounds[id];
        if (round.phase != Phase.Voting || block.timestamp > round.deadline) revert WrongPhase(id, round.phase);
        if (hasVoted[id][msg.sender]) revert AlreadyVoted(id, msg.sender);
        uint256 expected = round.rule == Rule.Mean ? 2 : round.rule == Rule.Borda ? round.options : 1;
        if (ballot.length != expected) revert BadBallot(ballot.length, expected);
        // The library takes a handle without a proof if its sender has a right to it. A ballot is
        // what its sender made.
        if (proof.length == 0) revert NoProof();
        hasVoted[id][msg.sender] = true;
        round.voters.push(msg.sender);

        euint8[] memory values = new euint8[](ballot.length);
        for (uint256 i = 0; i < ballot.length; ++i) values[i] = FHE.fromExternal(ballot[i], proof);
        if (round.rule == Rule.Majority) _countLabel(_tallies[id], values[0]);
        else if (round.rule == Rule.Mean) _countWeighted(_tallies[id], values[0], values[1]);
        else if (round.rule == Rule.Borda) _countPlaces(_tallies[id], values);
        else _values[id].push(FHE.allowThis(values[0]));
        emit Voted(id, msg.sender);
    }

    /// @notice Ends the voting, computes the result and lets everybody decrypt it.
    function close(uint256 id) external {
        Round storage round = _rounds[id];
        if (round.phase != Phase.Voting) revert WrongPhase(id, round.phase);
        if (block.timestamp <= round.deadline && round.voters.length < validators) revert VotingGoesOn(id);
        round.phase = Phase.Counted;
        if (round.rule == Rule.Majority) {
            _publish(id, _leader(_tallies[id]));
        } else if (round.rule == Rule.Mean) {
            _publish(id, _tallies[id][0]);
            _publish(id, _tallies[id][1]);
        } else if (round.rule == Rule.Borda) {
            euint8[] memory places = _ranking(_tallies[id]);
            for (uint256 i = 0; i < places.length; ++i) _publish(id, places[i]);
        } else if (round.voters.length == 5 || round.voters.length == 7) {
            _publish(id, _median(_values[id]));
        } else {
            round.phase = Phase.Void;
        }
    }

    /// @notice Makes the decrypted result known here, and marks votes that are far from a median.
    /// @param cleartexts The result, a word for each handle.
    /// @param proof The signatures under it.
    function open(uint256 id, bytes calldata cleartexts, bytes calldata proof) external {
        Round storage round = _rounds[id];
        if (round.phase != Phase.Counted) revert WrongPhase(id, round.phase);
        FHE.checkSignatures(_results[id], cleartexts, proof);
        round.phase = Phase.Opened;
        for (uint256 i = 0; i < _results[id].length; ++i) {
            round.outcome.push(uint256(bytes32(cleartexts[32 * i:])));
        }
        if (round.rule == Rule.Median && round.tolerance != MARK_NOBODY) {
            _mark(id, uint8(round.outcome[0]), round.tolerance);
        }
        emit Opened(id, round.outcome);
    }

    /// @notice Returns a round.
    function roundOf(uint256 id) external view returns (Round memory) {
        return _rounds[id];
    }

    /// @notice Returns the handles of a result, which everybody can decrypt.
    function resultOf(uint256 id) external view returns (bytes32[] memory) {
        return _results[id];
    }

    /// @notice Returns the opened weighted mean, rounded down; 0 if all weights are.
    function meanOf(uint256 id) external view returns (uint256) {
        Round storage round = _rounds[id];
        if (round.rule != Rule.Mean || round.phase != Phase.Opened) revert WrongPhase(id, round.phase);
        return round.outcome[1] == 0 ? 0 : round.outcome[0] / round.outcome[1];
    }

    /// @notice Returns whether a vote was farther from the median than tolerated: an encrypted bit
    /// that a slashing contract can be given, and that the validator can decrypt, who knows both.
    function markOf(uint256 id, address validator) external view returns (ebool) {
        return _marks[id][validator];
    }

    /// @dev One point for the label that was chosen.
    function _countLabel(euint16[] storage tallies, euint8 label) private {
        for (uint8 i = 0; i < tallies.length; ++i) {
            euint16 one = FHE.asEuint16(FHE.eq(label, i + 1));
            tallies[i] = FHE.allowThis(FHE.add(tallies[i], one));
        }
    }

    function _countWeighted(euint16[] storage tallies, euint8 value, euint8 weight) private {
        euint16 capped = FHE.asEuint16(FHE.min(weight, MAX_WEIGHT));
        euint16 product = FHE.mul(FHE.asEuint16(value), capped);
        tallies[0] = FHE.allowThis(FHE.add(tallies[0], product));
        tallies[1] = FHE.allowThis(FHE.add(tallies[1], capped));
    }

    function _countPlaces(euint16[] storage tallies, euint8[] memory places) private {
        ebool valid = _isPermutation(places);
        uint8 last = uint8(places.length) - 1;
        for (uint256 i = 0; i < places.length; ++i) {
            euint8 points = FHE.select(valid, FHE.sub(last, places[i]), FHE.asEuint8(0));
            tallies[i] = FHE.allowThis(FHE.add(tallies[i], FHE.asEuint16(points)));
        }
    }

    /// @dev As many different numbers as there are below a limit are all of them.
    function _isPermutation(euint8[] memory places) private returns (ebool valid) {
        valid = FHE.lt(places[0], uint8(places.length));
        for (uint256 i = 1; i < places.length; ++i) {
            valid = FHE.and(valid, FHE.lt(places[i], uint8(places.length)));
            for (uint256 j = 0; j < i; ++j) valid = FHE.and(valid, FHE.ne(places[i], places[j]));
        }
    }

    function _leader(euint16[] storage tallies) private returns (euint8 leader) {
        euint16 most = FHE.asEuint16(0);
        leader = FHE.asEuint8(0);
        for (uint8 i = 0; i < tallies.length; ++i) {
            ebool leads = FHE.gt(tallies[i], most);
            most = FHE.select(leads, tallies[i], most);
            leader = FHE.select(leads, FHE.asEuint8(i + 1), leader);
        }
    }

    /// @dev A candidate's place is the number of those who are before it.
    function _ranking(euint16[] storage tallies) private returns (euint8[] memory places) {
        uint256 candidates = tallies.length;
        euint8[][] memory before = new euint8[][](candidates);
        for (uint256 i = 0; i < candidates; ++i) before[i] = new euint8[](candidates - 1);
        for (uint256 i = 0; i < candidates; ++i) {
            for (uint256 j = i + 1; j < candidates; ++j) {
                ebool first = FHE.ge(tallies[i], tallies[j]);
                before[j][i] = FHE.asEuint8(first);
                before[i][j - 1] = FHE.asEuint8(FHE.not(first));
            }
        }
        places = new euint8[](candidates);
        for (uint256 i = 0; i < candidates; ++i) places[i] = FHE.sum(before[i]);
    }

    /// @dev Half of the comparators are only half used. What nothing needs is not evaluated.
    function _median(euint8[] memory values) private returns (euint8) {
        bytes memory network = values.length == 5 ? MEDIAN_OF_5 : MEDIAN_OF_7;
        for (uint256 i = 0; i < network.length; ++i) {
            uint256 a = uint8(network[i]) >> 4;
            uint256 b = uint8(network[i]) & 15;
            (values[a], values[b]) = (FHE.min(values[a], values[b]), FHE.max(values[a], values[b]));
        }
        return values[values.length / 2];
    }

    /// @dev The median is public by now, so both limits are, and clear numbers are cheaper.
    function _mark(uint256 id, uint8 median, uint8 tolerance) private {
        uint8 low = median > tolerance ? median - tolerance : 0;
        uint8 high = median < 255 - tolerance ? median + tolerance : 255;
        address[] storage voters = _rounds[id].voters;
        for (uint256 i = 0; i < voters.length; ++i) {
            euint8 value = _values[id][i];
            ebool marked = FHE.or(FHE.lt(value, low), FHE.gt(value, high));
            _marks[id][voters[i]] = FHE.allow(FHE.allowThis(marked), voters[i]);
        }
    }

    function _publish(uint256 id, euint8 value) private {
        FHE.makePubliclyDecryptable(FHE.allowThis(value));
        _results[id].push(FHE.toBytes32(value));
    }

    function _publish(uint256 id, euint16 value) private {
        FHE.makePubliclyDecryptable(FHE.allowThis(value));
        _results[id].push(FHE.toBytes32(value));
    }
}
